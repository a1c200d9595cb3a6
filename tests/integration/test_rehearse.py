"""The command `rehearse`: the function works on a table that it creates, and nothing is left, whatever happens."""

import json
import re
import time

import pytest

from table_sync.command_line import cli
from table_sync.handler import lambda_handler
from tests.support.embedded_aws.lambda_service import InProcessRuntime, LambdaService
from tests.support.module import NAME, RULES, deploy_module
from tests.support.tables import make_table

PREFIX = "table-sync-rehearsal-"
SETTINGS = [
    *("tags", "stream", "ttl", "pitr", "deletion_protection", "table_class", "on_demand_throughput"),
    *("contributor_insights", "resource_policy", "alarms"),
]
READS = ("Describe", "Filter", "Get", "List")


class Kill(BaseException):
    """What nothing handles: the process is gone."""


@pytest.fixture
def service(aws):
    """Deploy the module, beside a table that is not the rehearsal's."""
    make_table(aws, "orders")
    deploy_module(aws)
    aws.calls.clear()
    with LambdaService(aws, InProcessRuntime(lambda_handler, aws.clock)) as service:
        yield service


@pytest.fixture
def rehearse(aws, service, monkeypatch, capsys, tmp_path):
    """Run the command; while it sleeps, queue and function work."""
    for name in ("AWS_PROFILE", "NO_COLOR", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def sleep(seconds):
        end = aws.clock.now() + seconds
        service.run_until(end)
        aws.clock.advance(max(0, end - aws.clock.now()))

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", aws.clock.now)
    monkeypatch.setattr(time, "time", aws.clock.now)

    def rehearse(*arguments, name=NAME):
        code = cli.main(["rehearse", "--name", name, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return rehearse


def left(aws):
    """Return everything that has a rehearsal's name."""
    dynamodb = aws.client("dynamodb")
    aws.clock.advance(3600)
    backups = dynamodb.list_backups(BackupType="ALL")["BackupSummaries"]
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = [
        *dynamodb.list_tables()["TableNames"],
        *(backup["BackupName"] for backup in backups),
        *(alarm["AlarmName"] for alarm in alarms),
    ]
    return [name for name in names if name.startswith(PREFIX)]


def touched(aws):
    """Say whether the table that is not the rehearsal's was written to."""
    written = [call for call in aws.calls if call.service == "dynamodb" and not call.operation.startswith(READS)]
    named = json.dumps([call.parameters for call in written], default=str)
    return "orders" in named


@pytest.mark.parametrize("way", ["point-in-time", "backup"])
def test_the_deployed_module_gives_every_setting_back_and_nothing_is_left(aws, rehearse, way):
    code, out, err = rehearse("--way", way, "--json")
    assert code == 0, out + err
    report = json.loads(out)
    assert report["outcome"] == "in_sync"
    assert list(report["settings"]) == SETTINGS
    assert {setting["equal"] for setting in report["settings"].values()} == {True}
    assert all(setting["source"] for setting in report["settings"].values())
    seconds = [step.get("seconds_after_the_call") for step in report["steps"]]
    assert [step["step"] for step in report["steps"]][1:3] == ["restore called", "event received, first attempt"]
    assert seconds[1] == 0
    assert all(later > 0 for later in seconds[2:])
    assert len(report["removed"]) == (5 if way == "backup" else 4)
    assert left(aws) == []
    assert not touched(aws)


def test_without_json_a_table_is_printed(rehearse):
    code, out, err = rehearse()
    assert code == 0
    assert re.search(r"^  \d\d:\d\d:\d\d +\+\d+ s  in sync, as the function reports$", out, re.MULTILINE)
    assert re.search(r"^  deletion_protection +equal$", out, re.MULTILINE)
    assert "The deployed module gave every setting back.\nEverything that it created was removed.\n" in out
    assert "Restored table ACTIVE" in err


def test_settings_that_are_off_are_neither_created_nor_compared(aws, rehearse):
    off = {"ENABLE_ALARM_SETTINGS": "false", "ENABLE_TTL_SETTINGS": "false"}
    configure(aws, **off)
    report = json.loads(rehearse("--json")[1])
    assert list(report["settings"]) == [name for name in SETTINGS if name not in {"alarms", "ttl"}]
    assert not aws.calls_of("PutMetricAlarm", "UpdateTimeToLive")


def configure(aws, **variables):
    lambda_ = aws.client("lambda")
    before = lambda_.get_function_configuration(FunctionName=NAME)["Environment"]["Variables"]
    lambda_.update_function_configuration(FunctionName=NAME, Environment={"Variables": before | variables})


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--way", "backup"]])
def test_dry_run_creates_nothing(aws, rehearse, arguments):
    before = len(aws.calls)
    code, out, _ = rehearse("--dry-run", *arguments)
    assert code == 0
    assert "deletion protection" in out
    assert "cent" in out
    assert ("backup table-sync-rehearsal-" in out) == ("backup" in arguments)
    assert [call.name for call in aws.calls[before:] if not call.operation.startswith(READS)] == []


# After which call of the rehearsal it ends, with which way.
POINTS = {
    "CreateTable": "point-in-time",
    "UpdateContinuousBackups": "point-in-time",
    "UpdateTimeToLive": "point-in-time",
    "PutMetricAlarm": "point-in-time",
    "CreateBackup": "backup",
    "RestoreTableFromBackup": "backup",
    "RestoreTableToPointInTime": "point-in-time",
    "FilterLogEvents": "point-in-time",
}


def interrupt(aws, operation, error):
    def stop(_):
        raise error

    aws.faults.after(operation, stop)


@pytest.mark.parametrize(("operation", "way"), POINTS.items())
def test_ctrl_c_leaves_nothing(aws, rehearse, operation, way):
    interrupt(aws, operation, KeyboardInterrupt())
    code, out, _ = rehearse("--way", way)
    assert code == 130
    assert "The rehearsal was interrupted.\n" in out
    assert left(aws) == []
    assert not touched(aws)


@pytest.mark.parametrize(("operation", "way"), POINTS.items())
def test_clean_removes_what_a_killed_run_has_left(aws, rehearse, operation, way):
    interrupt(aws, operation, Kill())
    with pytest.raises(Kill):
        rehearse("--way", way)
    assert left(aws) != []
    code, out, _ = rehearse("--clean")
    assert code == 0
    assert out.count("Removed ") >= 1
    assert left(aws) == []
    assert not touched(aws)
    assert rehearse("--clean")[:2] == (0, "No rehearsal has left anything in eu-west-1.\n")


def test_clean_touches_no_table_without_the_tag_of_its_rehearsal(aws, rehearse):
    lookalikes = [
        f"{PREFIX}20260101t000000-01234567",
        f"{PREFIX}20260101t000000-01234568",
        f"{PREFIX}orders",
    ]
    for name in lookalikes:
        make_table(aws, name)
    arn = f"arn:aws:dynamodb:eu-west-1:{aws.account}:table/{lookalikes[1]}"
    tag = {"Key": "table-sync-rehearsal", "Value": "20260101t000000-01234567"}
    aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=[tag])
    aws.clock.advance(10)
    assert rehearse("--clean")[:2] == (0, "No rehearsal has left anything in eu-west-1.\n")
    assert left(aws) == lookalikes


@pytest.mark.parametrize("operation", ["UpdateTimeToLive", "RestoreTableToPointInTime"])
def test_a_refused_call_is_told_and_nothing_is_left(aws, rehearse, operation):
    aws.faults.add(operation, "AccessDeniedException", "not you")
    code, out, _ = rehearse()
    assert code == 1
    assert f"The rehearsal could not go on: {operation}: AccessDeniedException: not you.\n" in out
    assert left(aws) == []


@pytest.mark.parametrize("operation", ["CreateTable", "RestoreTableToPointInTime", "DeleteTable", "PutMetricAlarm"])
def test_a_lost_answer_leaves_nothing(aws, rehearse, operation):
    aws.faults.lose_answer(operation)
    rehearse()
    assert left(aws) == []


@pytest.mark.parametrize("operation", ["DeleteTable", "DeleteAlarms", "ListBackups", "ListTagsOfResource"])
def test_throttling_of_the_removal_is_waited_out(aws, rehearse, operation):
    aws.faults.before("DeleteTable", lambda _: aws.faults.throttle(operation, times=8))
    code, out, err = rehearse()
    assert code == 0, out + err
    assert left(aws) == []


def test_what_cannot_be_removed_is_told(aws, rehearse):
    aws.faults.add("DeleteTable", "AccessDeniedException", "not you", times=9)
    code, out, _ = rehearse()
    assert code == 1
    assert "The deployed module gave every setting back." in out
    assert "DeleteTable: AccessDeniedException: not you. Run table-sync rehearse --clean." in out
    aws.faults.clear()
    assert rehearse("--clean")[0] == 0
    assert left(aws) == []


def test_a_module_that_gets_no_event_is_a_timeout(aws, rehearse):
    aws.client("events").disable_rule(Name=RULES["point_in_time"])
    code, out, _ = rehearse("--timeout", "900")
    assert code == 2
    assert "Time is up: the function made no attempt: run table-sync doctor.\n" in out
    assert left(aws) == []


def test_a_restore_that_takes_too_long_is_a_timeout(aws, rehearse):
    aws.restore_seconds = 3000
    code, out, _ = rehearse("--timeout", "600")
    assert code == 2
    assert "was not ACTIVE after 600 s: raise --timeout.\n" in out
    assert left(aws) == []


def test_a_setting_that_the_module_cannot_give_back_is_a_failure(aws, rehearse):
    refuse = "AccessDeniedException"
    aws.faults.add(
        "UpdateTimeToLive", refuse, "no", times=9, when=lambda call: "-restored" in call.parameters["TableName"]
    )
    code, out, _ = rehearse("--json")
    report = json.loads(out)
    assert (code, report["outcome"]) == (2, "failed")
    assert "ttl: UpdateTimeToLive: AccessDeniedException: no" in report["reason"]
    assert [name for name, setting in report["settings"].items() if not setting["equal"]] == ["ttl"]
    assert left(aws) == []


def test_without_the_log_the_tables_decide(aws, rehearse):
    aws.faults.add("FilterLogEvents", "AccessDeniedException", "no", times=99)
    code, out, err = rehearse()
    assert code == 0, out
    assert "logs:FilterLogEvents is not allowed: the tables themselves are compared instead" in err
    assert "equal, by plain API calls" in out


def test_a_module_that_would_not_process_it_is_told_before_anything_is_created(aws, rehearse):
    configure(aws, INCLUDE_TABLES="prod-*")
    code, out, err = rehearse()
    assert (code, out) == (1, "")
    assert "include_tables or exclude_tables of table-sync leave out table-sync-rehearsal-" in err
    assert left(aws) == []


def test_a_way_without_a_rule_is_told_before_anything_is_created(aws, rehearse):
    events = aws.client("events")
    events.remove_targets(Rule=RULES["backup"], Ids=["queue"])
    events.delete_rule(Name=RULES["backup"])
    code, out, err = rehearse("--way", "backup")
    assert (code, out) == (1, "")
    assert err.startswith("There is no rule table-sync-backup")


def test_a_module_that_is_not_there_is_one_sentence(rehearse):
    code, out, err = rehearse(name="other")
    assert (code, out) == (1, "")
    assert err.startswith("The module other cannot be looked at: there is no function other")
