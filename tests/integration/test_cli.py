"""The command line against the embedded AWS, in process."""

import io
import json
import math
import os
import sys
import time
from dataclasses import dataclass, replace

import pytest
from botocore import session as aws_session

from scripts.terraform_files import expression, parse
from table_sync.command_line import cli
from table_sync.settings import SETTINGS
from tests.settings import auto_scaling
from tests.support.attachments import attach
from tests.support.tables import (
    TAGS,
    make_function,
    make_source,
    make_table,
    restore,
    settings_of,
    wait_until_active,
)

ALL = [setting.NAME for setting in SETTINGS]
# No table has both auto scaling and an on-demand maximum.
HELD = [name for name in ALL if name != "on_demand_throughput"]
DIFFERS = dict.fromkeys(ALL, "unchanged") | dict.fromkeys(HELD, "differs")
# Without --only, what costs or reaches others is left alone.
OFF = ["contributor_insights", "resource_policy", "alarms"]
SYNCED = {
    setting.NAME: "applied" if setting.NAME in HELD else "unchanged" for setting in SETTINGS if setting.NAME not in OFF
}
READS = ("Describe", "Get", "List")
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/"


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def words(self):
        """The word beside each setting."""
        rows = [line.split() for line in self.out.splitlines()]
        return {row[0]: row[1] for row in rows if row and row[0] in ALL}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def run(aws, monkeypatch, capsys, tmp_path):
    for name in ("AWS_PROFILE", "NO_COLOR", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(time, "sleep", aws.clock.sleep)
    monkeypatch.setattr(time, "monotonic", aws.clock.now)

    def run(*arguments, answer=None):
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(answer))
        code = cli.main(arguments)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run


@pytest.fixture
def restored(aws):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(10)
    aws.calls.clear()


def writes(aws):
    return [call.operation for call in aws.calls if not call.operation.startswith(READS)]


def assert_one_sentence(answer, *words):
    assert answer.code == 1
    assert answer.out == ""
    assert answer.err.endswith(".\n")
    assert answer.err.count("\n") == 1
    for word in words:
        assert word in answer.err


@pytest.mark.usefixtures("restored")
def test_diff_names_every_setting_that_differs_and_writes_nothing(aws, run):
    answer = run("diff", "orders", "orders-restored")
    assert answer.code == 2
    assert answer.words == DIFFERS
    assert all(f"{key}: {value} -> (none)" in answer.out for key, value in TAGS.items())
    assert writes(aws) == []
    assert answer.err == ""


@pytest.mark.usefixtures("restored")
def test_sync_makes_the_settings_equal_and_diff_says_so(aws, run):
    answer = run("sync", "orders", "orders-restored", "--yes", "--only", ",".join(ALL))
    assert answer.code == 0, answer
    assert answer.words == dict.fromkeys(ALL, "unchanged") | dict.fromkeys(HELD, "applied")
    aws.clock.advance(120)
    assert settings_of(aws, "orders-restored") == settings_of(aws, "orders")
    again = run("diff", "orders", "orders-restored")
    assert again.code == 0
    assert again.words == dict.fromkeys(ALL, "unchanged")


@pytest.mark.usefixtures("restored")
def test_diff_reports_what_the_function_reports(pipeline, run):
    of_function = pipeline.invoke(source_table="orders", target_table="orders-restored", dry_run=True)
    answer = run("diff", "orders", "orders-restored", "--json")
    report = json.loads(answer.out)
    for setting in report["settings"].values():
        assert bool(setting.pop("differences", [])) == bool(setting["changes"])
    assert report == of_function
    assert answer.code == 2


@pytest.mark.usefixtures("restored")
def test_json_of_a_sync_is_the_only_thing_on_standard_output(run):
    answer = run("sync", "orders", "orders-restored", "--json", "--only", "tags", answer="y\n")
    assert answer.code == 0, answer
    report = json.loads(answer.out)
    assert report["outcome"] == "in_sync"
    assert report["settings"]["tags"]["status"] == "applied"
    assert set(report["settings"]) == set(ALL)
    assert {report["settings"][name]["reason"] for name in ALL if name != "tags"} == {"not selected"}
    assert "env: prod -> (none)" in answer.err


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("reply", ["n\n", "\n", "", "yes please\n"])
def test_sync_shows_the_changes_and_does_nothing_without_a_yes(aws, run, reply):
    answer = run("sync", "orders", "orders-restored", answer=reply)
    assert answer.code == 2
    assert answer.out.index("env: prod -> (none)") < answer.out.index(
        "orders-restored (eu-west-1, account 123456789012)? [y/N]"
    )
    assert "Nothing was changed." in answer.out
    assert writes(aws) == []


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("reply", ["y\n", "YES\n"])
def test_sync_goes_on_after_a_yes(aws, run, reply):
    assert run("sync", "orders", "orders-restored", "--only", "tags", answer=reply).code == 0
    assert writes(aws) == ["TagResource"]


@pytest.mark.usefixtures("restored")
def test_sync_asks_nothing_when_there_is_nothing_to_do(run):
    run("sync", "orders", "orders-restored", "--yes", "--only", "tags,ttl")
    answer = run("sync", "orders", "orders-restored", "--only", "tags,ttl", answer="")
    assert answer.code == 0, answer
    assert "[y/N]" not in answer.out


@pytest.mark.usefixtures("restored")
def test_where_nobody_can_be_asked_yes_is_needed(aws, run):
    assert_one_sentence(run("sync", "orders", "orders-restored"), "not a terminal", "--yes")
    assert aws.calls == []


@pytest.mark.usefixtures("restored")
def test_only_the_named_settings_are_read_and_written(aws, run):
    answer = run("sync", "orders", "orders-restored", "--yes", "--only", "tags,ttl")
    assert answer.code == 0, answer
    assert answer.words == {"tags": "applied", "ttl": "applied"}
    assert sorted(writes(aws)) == ["TagResource", "UpdateTimeToLive"]
    reads = {call.operation for call in aws.calls} - set(writes(aws))
    assert reads == {"DescribeTable", "ListTagsOfResource", "DescribeTimeToLive"}


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("names", [["tags,", "ttl"], ["tags", ",ttl"], ["tags", ",", "ttl"], ["tags, ttl"]])
def test_a_list_of_settings_may_have_spaces(run, names):
    assert set(run("diff", "--only", *names, "orders", "orders-restored").words) == {"tags", "ttl"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["diff", "orders", "gone"], "gone was not found"),
        (["diff", "orders", "copy", "--only", "tll"], "'tll'"),
        (["diff", "orders"], "TARGET"),
        (["sync", "orders", "copy"], "not a terminal"),
    ],
)
def test_with_json_an_error_is_json_too(aws, run, arguments, words):
    make_table(aws, "orders", indexes=())
    make_table(aws, "copy", indexes=())
    answer = run(*arguments, "--json")
    assert (answer.code, answer.err) == (1, "")
    report = json.loads(answer.out)
    assert report["outcome"] == "failed"
    assert words in report["reason"]


@pytest.mark.usefixtures("restored")
def test_triggers_can_be_created_disabled(aws, run):
    options = ["--only", "stream,triggers", "--create-triggers-disabled"]
    assert ", Enabled=true" not in run("diff", "orders", "orders-restored", "--calls", *options).out
    answer = run("sync", "orders", "orders-restored", "--yes", *options)
    assert answer.code == 0, answer
    aws.clock.advance(120)
    mappings = settings_of(aws, "orders-restored")["triggers"]
    assert mappings.keys() == settings_of(aws, "orders")["triggers"].keys()
    assert {mapping["State"] for mapping in mappings.values()} == {"Disabled"}
    assert run("diff", "orders", "orders-restored", *options).code == 0


@pytest.mark.usefixtures("restored")
def test_a_dry_run_writes_nothing(aws, run):
    answer = run("sync", "orders", "orders-restored", "--dry-run")
    assert answer.code == 2
    assert answer.words == {name: DIFFERS[name] for name in SYNCED}
    assert writes(aws) == []


@pytest.mark.usefixtures("restored")
def test_the_report_has_the_changes_of_every_attempt(aws, run):
    planned = json.loads(run("diff", "orders", "orders-restored", "--json").out)["settings"]
    aws.faults.throttle("PutScheduledAction", times=2)
    answer = run("sync", "orders", "orders-restored", "--yes", "--json", "--only", ",".join(HELD))
    assert answer.code == 0
    assert "PutScheduledAction: ThrottlingException" in answer.err
    applied = json.loads(answer.out)["settings"]
    # The ARNs of what is not there yet are not known before.
    unknown = {"resource_policy", "scalable_target_tags", "event_source_mapping_tags"}
    for name in HELD:
        made, meant = applied[name]["changes"], planned[name]["changes"]
        assert [change["operation"] for change in made] == [change["operation"] for change in meant]
        assert name in unknown or made == meant
    assert {applied[name]["status"] for name in HELD} == {"applied"}


def test_sync_waits_for_a_table_that_is_being_restored(aws, run):
    make_source(aws)
    aws.restore_seconds = 1800
    restore(aws, "orders", "orders-restored")
    assert run("diff", "orders", "orders-restored").code == 2
    answer = run("sync", "orders", "orders-restored", "--yes")
    assert answer.code == 0, answer
    assert answer.words == SYNCED
    assert answer.err.count("the target is CREATING") == 1


def test_sync_waits_no_longer_than_it_may(aws, run):
    make_source(aws)
    aws.restore_seconds = 7200
    restore(aws, "orders", "orders-restored")
    aws.calls.clear()
    begun = aws.clock.now()
    answer = run("sync", "orders", "orders-restored", "--yes", "--timeout", "600")
    assert answer.code == 2
    assert 600 <= aws.clock.now() - begun < 660
    assert writes(aws) == []


@pytest.mark.usefixtures("restored")
def test_a_setting_that_cannot_be_made_equal_is_an_error_and_the_others_are_applied(aws, run):
    specification = {"Enabled": True, "AttributeName": "other"}
    aws.client("dynamodb").update_time_to_live(TableName="orders-restored", TimeToLiveSpecification=specification)
    answer = run("sync", "orders", "orders-restored", "--yes")
    assert answer.code == 1
    assert answer.words == SYNCED | {"ttl": "failed"}
    assert "TTL is active on other" in answer.out

    compared = run("diff", "orders", "orders-restored", "--only", "ttl")
    assert compared.code == 2
    assert compared.words == {"ttl": "differs"}
    assert "TTL is active on other" in compared.out
    assert compared.out.endswith("orders-restored differs from orders.\n")


@pytest.mark.usefixtures("restored")
def test_what_is_left_alone_differs(aws, run):
    run("sync", "orders", "orders-restored", "--yes")
    aws.clock.advance(120)
    stream = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamArn"]
    client = aws.client("lambda")
    mapping, *_ = client.list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=7)
    aws.clock.advance(120)

    compared = run("diff", "orders", "orders-restored", "--only", "stream,triggers", "--json")
    assert compared.code == 2
    report = json.loads(compared.out)
    assert (report["outcome"], report["settings"]["triggers"]["status"]) == ("differs", "differs")
    assert report["settings"]["triggers"]["changes"] == []
    assert (
        "has its own BatchSize (7, the source has 50), which is left alone" in report["settings"]["triggers"]["reason"]
    )

    synced = run("sync", "orders", "orders-restored", "--only", "stream,triggers", "--yes")
    assert synced.code == 0
    assert synced.words == {"stream": "unchanged", "triggers": "differs"}
    assert "orders-restored has these settings of orders; left alone: triggers" in synced.out


@pytest.mark.usefixtures("restored")
def test_a_setting_that_may_not_be_read_is_an_error_beside_the_others(aws, run):
    aws.faults.add("ListTagsOfResource", "AccessDeniedException", "not authorized", times=9)
    answer = run("diff", "orders", "orders-restored")
    assert answer.code == 1
    assert answer.words == DIFFERS | {"tags": "failed"}
    assert "ListTagsOfResource: AccessDeniedException" in answer.out


def test_tables_may_be_named_by_arn_and_be_in_two_regions(aws, run):
    make_table(aws, "orders", region="eu-central-1", indexes=())
    make_table(aws, "orders", indexes=())
    arn = ARN.replace("eu-west-1", "eu-central-1") + "orders"
    answer = run("diff", arn, "orders", "--json")
    assert answer.code == 0, answer
    assert (json.loads(answer.out)["source"], json.loads(answer.out)["target"]) == (arn, ARN + "orders")


def test_the_region_is_the_options_then_the_environments_then_the_profiles(aws, run, monkeypatch, tmp_path):
    for region in ("eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"):
        make_table(aws, "orders", region=region, indexes=())
    make_table(aws, "copy", indexes=())
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = eu-west-2\naws_access_key_id = AKIAWORK\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    def region_of(*options, before=()):
        aws.calls.clear()
        command = ["diff", "orders", ARN + "copy", "--only", "tags", "--json"]
        answer = run(*before, *command, *options) if before else run(*command, "--profile", "work", *options)
        return json.loads(answer.out)["source"].split(":")[3]

    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert region_of() == "eu-west-2"
    assert {call.principal.access_key for call in aws.calls} == {"AKIAWORK"}
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert region_of() == "eu-west-3"
    assert region_of("--region", "eu-north-1") == "eu-north-1"
    # Before the command, as the AWS CLI has them; the later one counts.
    before = ("--profile", "work", "--region", "eu-north-1")
    assert region_of(before=before) == "eu-north-1"
    assert {call.principal.access_key for call in aws.calls} == {"AKIAWORK"}
    assert region_of("--region", "eu-west-1", before=before) == "eu-west-1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["diff", "orders", "gone"], ["gone", "eu-west-1"]),
        (["diff", "gone", "orders"], ["gone", "eu-west-1"]),
        (["import-blocks", "gone"], ["gone", "eu-west-1"]),
        (["diff", "orders", "copy", "--region", "eu-south-1"], ["orders", "eu-south-1"]),
        (["diff", "orders", "copy", "--region", "eu west"], ["eu west"]),
        (["diff", "orders", "orders"], ["same table"]),
        (["diff", "orders", ARN + "orders"], ["same table"]),
        (["diff", "o", "orders"], ["'o'", "neither"]),
        (["diff", "arn:aws:s3:::bucket", "orders"], ["arn:aws:s3:::bucket", "neither"]),
        (["diff", ARN.replace("123456789012", "210987654321") + "orders", "copy"], ["210987654321", "123456789012"]),
        (["diff", "orders", ARN.replace("123456789012", "210987654321") + "copy"], ["210987654321", "123456789012"]),
        (["diff", "orders", "copy", "--only", "tags,tll"], ["'tll'", "auto_scaling"]),
        (["sync", "orders", "copy", "--yes", "--only", ""], ["''", "auto_scaling"]),
        (["sync", "orders", "copy", "--yes", "--timeout", "soon"], ["'soon'", "0 or more"]),
        (["sync", "orders", "copy", "--yes", "--timeout", "nan"], ["'nan'", "0 or more"]),
        (["sync", "orders", "copy", "--yes", "--timeout=-5"], ["'-5'", "0 or more"]),
        (["diff", "orders", "copy", "--profile", "nobody"], ["nobody"]),
        (["diff", "orders"], ["TARGET is missing: see table-sync diff --help."]),
        (["diff"], ["SOURCE and TARGET are missing: see table-sync diff --help."]),
        (["dif", "orders", "copy"], ["'dif' is not a command: see table-sync --help."]),
        ([], ["COMMAND is missing: see table-sync --help."]),
        (["repair", "missing.tf"], ["missing.tf cannot be read (No such file or directory): give the file"]),
        (["repair", "/"], ["/ cannot be read (Is a directory): give the file"]),
        (["repair", "/bin/sh"], ["/bin/sh cannot be read (it is not UTF-8 text): give the file"]),
        (["import-blocks", "orders", "--address", "aws_sqs_queue.orders"], ["aws_sqs_queue.orders"]),
    ],
)
def test_bad_input_is_one_sentence_and_an_exit_code(aws, run, arguments, words):
    make_table(aws, "orders", indexes=())
    make_table(aws, "copy", indexes=())
    assert_one_sentence(run(*arguments), *words)


def test_no_region(run, monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert_one_sentence(run("diff", "orders", "copy"), "--region")


def test_no_credentials(run, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert_one_sentence(run("diff", "orders", "copy"), "credentials", "--profile")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("credential_process = /nonexistent", "No such file or directory: '/nonexistent'"),
        ("credential_process = /bin/echo these", "Expecting value"),
        ("credential_process = /bin/echo []", "'list' object"),
        ("credential_process = /bin/echo 'these", "No closing quotation"),
        ("role_arn = arn:aws:iam::123456789012:role/r\nweb_identity_token_file = /nonexistent", "'/nonexistent'"),
    ],
)
def test_a_profile_that_gets_no_credentials_is_one_sentence(run, monkeypatch, tmp_path, source, words):
    (tmp_path / "config").write_text(f"[profile work]\n{source}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    answer = run("diff", "orders", "copy", "--profile", "work")
    assert_one_sentence(answer, "There are no AWS credentials to use (what the profile gets them from fails", words)


def test_an_endpoint_that_cannot_be_is_not_blamed_on_the_credentials(run, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    assert_one_sentence(run("diff", "orders", "copy"), "There is no DynamoDB endpoint", "nowhere")


def test_credentials_that_cannot_be_renewed_end_the_wait(aws, run, monkeypatch):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    found = aws_session.Session.get_credentials

    def spent(session):
        if aws.clock.now() > ends:
            raise FileNotFoundError(2, "No such file or directory", "/gone")
        return found(session)

    ends = aws.clock.now() + 60
    monkeypatch.setattr(aws_session.Session, "get_credentials", spent)
    answer = run("sync", "orders", "orders-restored", "--yes")
    assert answer.code == 1
    assert "There are no AWS credentials to use" in answer.err.splitlines()[-1]
    assert "/gone" in answer.err


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredTokenException", ["expired"]),
        ("UnrecognizedClientException", ["does not accept", "UnrecognizedClientException"]),
        ("InvalidSignatureException", ["does not accept"]),
        ("AccessDeniedException", ["DescribeTable", "AccessDeniedException"]),
        ("ReadTimeout", ["cannot be reached"]),
    ],
)
def test_what_aws_refuses_is_one_sentence(aws, run, code, words):
    aws.faults.add("DescribeTable", code, "Of two\nlines.", times=9)
    assert_one_sentence(run("diff", "orders", "copy"), *words)


def test_credentials_that_expire_while_it_waits_end_the_wait(aws, run):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    expires = aws.clock.now() + 60
    aws.faults.add("*", "ExpiredTokenException", times=1e9, when=lambda call: call.at > expires)
    answer = run("sync", "orders", "orders-restored", "--yes")
    assert answer.code == 1
    assert answer.err.endswith("The AWS credentials have expired: get new ones.\n")
    assert aws.clock.now() < expires + 60


def test_an_interruption_is_quiet(aws, run, monkeypatch):
    make_source(aws)
    restore(aws, "orders", "orders-restored")

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    answer = run("sync", "orders", "orders-restored", "--yes")
    assert answer.code == 130
    assert answer.out == ""
    assert answer.err == "Waiting for AWS: the target is CREATING\n"


@pytest.mark.usefixtures("restored")
def test_import_blocks_name_all_that_is_attached(aws, run):
    run("sync", "orders", "orders-restored", "--yes")
    attach(aws, "orders-restored")
    blocks = dict(imports_in(run("import-blocks", "orders-restored", "--address", "aws_dynamodb_table.orders").out))
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    stream = aws.client("dynamodb").describe_table(TableName="orders-restored")["Table"]["LatestStreamArn"]
    of_function = {
        mapping["FunctionArn"].partition(":function:")[2]: mapping["UUID"]
        for mapping in mappings
        if mapping["EventSourceArn"] == stream
    }
    scaled = "dynamodb/table/orders-restored"
    assert blocks == {
        "aws_dynamodb_table.orders": "orders-restored",
        "aws_appautoscaling_target.orders_read": f"{scaled}/dynamodb:table:ReadCapacityUnits",
        "aws_appautoscaling_target.orders_write": f"{scaled}/dynamodb:table:WriteCapacityUnits",
        "aws_appautoscaling_target.orders_by_day_read": f"{scaled}/index/by_day/dynamodb:index:ReadCapacityUnits",
        "aws_appautoscaling_policy.orders_read": f"{scaled}/dynamodb:table:ReadCapacityUnits/"
        "DynamoDBReadCapacityUtilization:table/orders-restored",
        "aws_appautoscaling_policy.orders_write": f"{scaled}/dynamodb:table:WriteCapacityUnits/"
        "DynamoDBWriteCapacityUtilization:table/orders-restored",
        "aws_appautoscaling_policy.orders_by_day_read": f"{scaled}/index/by_day/dynamodb:index:ReadCapacityUnits/"
        "DynamoDBReadCapacityUtilization:table/orders-restored/index/by_day",
        "aws_dynamodb_kinesis_streaming_destination.orders_changes": "orders-restored,"
        "arn:aws:kinesis:eu-west-1:123456789012:stream/changes",
        "aws_lambda_event_source_mapping.orders_audit": of_function["orders-audit"],
        "aws_lambda_event_source_mapping.orders_index_live": of_function["orders-index:live"],
        "aws_dynamodb_contributor_insights.orders": "name:orders-restored/index:/123456789012",
        "aws_dynamodb_contributor_insights.orders_by_customer": "name:orders-restored/index:by-customer/123456789012",
        "aws_dynamodb_resource_policy.orders": ARN + "orders-restored",
        "aws_cloudwatch_metric_alarm.orders_throttled": "orders throttled",
        "aws_cloudwatch_metric_alarm.orders_slow": "orders-slow",
        "aws_cloudwatch_metric_alarm.orders_error_rate": "orders: error rate",
        "aws_cloudwatch_metric_alarm.orders_unusual_reads": "orders: unusual reads",
    }


def imports_in(text):
    """Return the address and the ID of each import block."""
    return [(expression(block.body["to"]), block.body["id"]) for block in parse(text) if block.kind == "import"]


@pytest.mark.usefixtures("restored")
def test_what_cannot_be_imported_gets_a_file_of_its_own(aws, run, monkeypatch, tmp_path):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    run("sync", "orders", "orders-restored", "--yes", "--only", "auto_scaling")
    file = tmp_path / "scheduled_actions.tf"
    out = run("import-blocks", "orders-restored", "--scheduled-actions", str(file)).out
    refused = run("import-blocks", "orders-restored", "--scheduled-actions", str(tmp_path))
    assert_one_sentence(refused, f"{tmp_path} cannot be written (Is a directory): give a file that you may write.")
    monkeypatch.undo()
    time.tzset()
    actions = aws.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="dynamodb")
    end = next(action["EndTime"] for action in actions["ScheduledActions"] if "EndTime" in action)
    lines = file.read_text().splitlines()
    assert 'resource "aws_appautoscaling_scheduled_action" "orders_restored_before_work" {' in lines
    end_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end.timestamp()))
    assert f'  end_time           = "{end_time}"' in lines
    assert '# The AWS provider cannot import the scheduled action "before-work".' in out
    assert "aws_appautoscaling_scheduled_action." not in out


def test_names_that_are_no_identifiers_still_get_addresses_of_their_own(aws, run):
    table = "0.1-Orders..v2-"
    make_table(aws, table, indexes=("a-b", "a_b", "A.B"), stream_view_type="KEYS_ONLY")
    stream = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    for function in ("9lives", "9-lives"):
        make_function(aws, function)
        aws.client("lambda").create_event_source_mapping(
            EventSourceArn=stream, FunctionName=function, StartingPosition="LATEST"
        )
    for index in ("a-b", "a_b", "A.B"):
        aws.client("dynamodb").update_contributor_insights(
            TableName=table, IndexName=index, ContributorInsightsAction="ENABLE"
        )
    addresses = [address for address, _ in imports_in(run("import-blocks", table).out)]
    assert addresses == [
        "aws_dynamodb_table.table_0_1_orders_v2",
        "aws_lambda_event_source_mapping.table_0_1_orders_v2_9lives",
        "aws_lambda_event_source_mapping.table_0_1_orders_v2_9_lives",
        "aws_dynamodb_contributor_insights.table_0_1_orders_v2_a_b",
        "aws_dynamodb_contributor_insights.table_0_1_orders_v2_a_b_2",
        "aws_dynamodb_contributor_insights.table_0_1_orders_v2_a_b_3",
    ]


def test_what_is_on_its_way_out_is_not_imported(aws, run):
    make_source(aws)
    destinations = aws.client("dynamodb").describe_kinesis_streaming_destination(TableName="orders")
    aws.client("dynamodb").disable_kinesis_streaming_destination(
        TableName="orders", StreamArn=destinations["KinesisDataStreamDestinations"][0]["StreamArn"]
    )
    aws.clock.advance(60)
    for mapping in aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
        aws.client("lambda").delete_event_source_mapping(UUID=mapping["UUID"])
    addresses = {address.partition(".")[0] for address, _ in imports_in(run("import-blocks", "orders").out)}
    assert not addresses & {"aws_dynamodb_kinesis_streaming_destination", "aws_lambda_event_source_mapping"}
    assert addresses > {"aws_dynamodb_table", "aws_appautoscaling_target", "aws_appautoscaling_policy"}


def test_a_policy_with_a_name_too_long_for_the_provider_is_a_comment(aws, run):
    make_table(aws, "orders", indexes=())
    auto_scaling.scale(aws, "orders", "dynamodb:table:ReadCapacityUnits")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/orders",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    client = aws.client("application-autoscaling")
    policy = client.describe_scaling_policies(**target)["ScalingPolicies"][0]
    client.delete_scaling_policy(PolicyName=policy["PolicyName"], **target)
    kept = {key: policy[key] for key in (*target, "PolicyType", "TargetTrackingScalingPolicyConfiguration")}
    client.put_scaling_policy(PolicyName="p" * 256, **kept)
    out = run("import-blocks", "orders").out
    assert "aws_appautoscaling_policy" not in out
    assert f'# The AWS provider takes no scaling policy name as long as "{"p" * 256}".' in out


@pytest.mark.usefixtures("restored")
def test_ttl_that_terraform_would_turn_off_is_a_warning(aws, run):
    assert run("sync", "orders", "orders-restored", "--yes", "--only", "ttl").code == 0
    early = run("import-blocks", "orders-restored")
    assert early.code == 0
    assert "TTL is still ENABLING" in early.err
    aws.clock.advance(3700)
    late = run("import-blocks", "orders-restored")
    assert (late.err, late.out) == ("", early.out)


def test_a_table_that_is_being_restored_cannot_be_imported(aws, run):
    make_table(aws, "orders", indexes=())
    restore(aws, "orders", "orders-restored")
    assert_one_sentence(run("import-blocks", "orders-restored"), "CREATING")


def test_nothing_in_the_environment_is_changed(aws, run):
    make_table(aws, "orders", indexes=())
    before = dict(os.environ)
    run("diff", "orders", "orders", "--profile", "nobody")
    assert dict(os.environ) == before


@pytest.mark.usefixtures("restored")
def test_what_was_not_looked_at_is_not_called_equal(run):
    answer = run("sync", "orders", "orders-restored", "--yes", "--only", "tags, ttl")
    assert answer.code == 0, answer
    assert "orders-restored has these settings of orders; not selected: kinesis, " in " ".join(answer.out.split())


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("command", ["diff", "sync"])
def test_a_setting_without_the_one_that_it_lives_on_is_refused(aws, run, command):
    answer = run(command, "orders", "orders-restored", "--only", "triggers")
    assert_one_sentence(answer, "triggers needs stream: add stream to --only.")
    assert writes(aws) == []


@pytest.mark.usefixtures("restored")
def test_the_policy_of_a_table_needs_no_stream(aws, run):
    answer = run("sync", "orders", "orders-restored", "--yes", "--only", "resource_policy")
    assert answer.code == 0, answer
    assert answer.words == {"resource_policy": "applied"}
    assert "the target has no stream for the source stream's policy" in answer.out
    assert writes(aws) == ["PutResourcePolicy"]
    aws.clock.advance(10)
    of_source, of_target = (settings_of(aws, table) for table in ("orders", "orders-restored"))
    assert of_target["stream"] is None
    assert of_target["resource_policy"] == of_source["resource_policy"][:1]
    assert run("diff", "orders", "orders-restored", "--only", "resource_policy").words == {"resource_policy": "skipped"}


@pytest.mark.usefixtures("restored")
def test_only_may_be_repeated(run):
    answer = run("diff", "orders", "orders-restored", "--only", "triggers", "--only", "tags,stream")
    assert set(answer.words) == {"tags", "stream", "triggers"}


@pytest.mark.usefixtures("restored")
def test_a_setting_that_cannot_be_read_keeps_no_other_from_being_written(aws, run):
    aws.faults.add("ListEventSourceMappings", "ServiceException", status=503, times=math.inf)
    answer = run("sync", "orders", "orders-restored", "--yes", "--timeout", "60")
    assert answer.code == 2
    assert answer.words["tags"] == "applied"
    assert answer.words["triggers"] == "pending"
    assert "see what is pending, and run the command again later." in " ".join(answer.out.split())


@pytest.mark.usefixtures("restored")
def test_credentials_that_expire_meanwhile_are_said(aws, run):
    def later(_):
        return bool(aws.calls_of("ListTagsOfResource"))

    for operation in ("ListTagsOfResource", "DescribeTable"):
        aws.faults.add(f"dynamodb:{operation}", "ExpiredTokenException", times=math.inf, when=later)
    answer = run("diff", "orders", "orders-restored", "--only", "tags")
    assert_one_sentence(answer, "The AWS credentials have expired: get new ones.")


SWAPPED = "orders-restored is younger than orders: the source has to be the table that was restored from"


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("command", [["diff"], ["sync", "--dry-run"], ["sync", "--dry-run", "--yes"]])
def test_tables_in_the_wrong_order_are_noticed(aws, run, command):
    answer = run(*command, "orders-restored", "orders")
    assert answer.err == f"{SWAPPED}.\n"
    assert writes(aws) == []


@pytest.fixture
def tagged(aws):
    """Let the restored table have a tag that the source lacks."""
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.client("dynamodb").tag_resource(ResourceArn=f"{ARN}orders-restored", Tags=[{"Key": "new", "Value": "yes"}])
    aws.clock.advance(10)
    aws.calls.clear()


@pytest.mark.usefixtures("tagged")
def test_tables_in_the_wrong_order_are_not_written_to_without_a_question(aws, run):
    answer = run("sync", "orders-restored", "orders", "--only", "tags", "--yes")
    assert_one_sentence(answer, SWAPPED, "swap the two", "leave out --yes")
    assert writes(aws) == []


@pytest.mark.usefixtures("tagged")
def test_whoever_means_the_wrong_order_is_asked(aws, run):
    answer = run("sync", "orders-restored", "orders", "--only", "tags", answer="n\n")
    assert answer.err == f"{SWAPPED}.\n"
    assert f"{SWAPPED}.\nCopy these settings to orders (" in answer.out
    assert writes(aws) == []
    assert run("sync", "orders-restored", "orders", "--only", "tags", answer="y\n").code == 0
    assert writes(aws) == ["TagResource"]


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    "addresses",
    [
        ['aws_dynamodb_table.tables["one"]', 'aws_dynamodb_table.tables["two"]'],
        ["aws_dynamodb_table.tables[0]", "aws_dynamodb_table.tables[1]"],
        ["module.one.aws_dynamodb_table.this", "module.two.aws_dynamodb_table.this"],
        ['module.tables["one"].aws_dynamodb_table.this', 'module.tables["two"].aws_dynamodb_table.this'],
        ["module.one.module.table.aws_dynamodb_table.this", "module.two.module.table.aws_dynamodb_table.this"],
    ],
)
def test_tables_of_one_resource_or_module_share_no_address(run, addresses):
    run("sync", "orders", "orders-restored", "--yes")
    found = [
        {address for address, _ in imports_in(run("import-blocks", table, "--address", address).out)}
        for table, address in zip(("orders", "orders-restored"), addresses, strict=True)
    ]
    assert min(map(len, found)) >= 10
    assert found[0] & found[1] == set()


REFUSED = {
    "dynamodb:DescribeTimeToLive": "TTL",
    "application-autoscaling:DescribeScheduledActions": "auto scaling",
    "dynamodb:DescribeKinesisStreamingDestination": "the Kinesis destination",
    "lambda:ListEventSourceMappings": "event source mappings",
    "dynamodb:ListContributorInsights": "Contributor Insights",
    "dynamodb:GetResourcePolicy": "the resource policy",
    "cloudwatch:DescribeAlarms": "alarms",
}


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_read_keeps_no_other_import_block_back(aws, run, refused):
    run("sync", "orders", "orders-restored", "--yes")
    attach(aws, "orders-restored")
    aws.clock.advance(3700)
    everything = run("import-blocks", "orders-restored").out.split("\n\n")
    aws.faults.add(refused, "AccessDeniedException", "No, and\nno.", times=math.inf)
    answer = run("import-blocks", "orders-restored")
    found = answer.out.split("\n\n")
    operation = refused.partition(":")[2]
    comment = f"# Not read: {REFUSED[refused]}. {operation}: AccessDeniedException: No, and no."
    assert [part.strip() for part in found if part not in everything] == [comment]
    if REFUSED[refused] == "TTL":
        assert len(found) == len(everything) + 1
    else:
        assert 3 < len(found) <= len(everything)
    assert_one_sentence(replace(answer, out=""), f"There are no blocks for {REFUSED[refused]}:")


@pytest.mark.usefixtures("restored")
def test_all_that_is_refused_is_in_one_sentence(aws, run):
    run("sync", "orders", "orders-restored", "--yes")
    for refused in REFUSED:
        aws.faults.add(refused, "AccessDeniedException", times=math.inf)
    answer = run("import-blocks", "orders-restored")
    assert [address for address, _ in imports_in(answer.out)] == ["aws_dynamodb_table.orders_restored"]
    assert answer.out.count("# Not read: ") == len(REFUSED)
    assert_one_sentence(replace(answer, out=""), ", ".join(REFUSED.values()))


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredTokenException", ["have expired"]),
        ("UnrecognizedClientException", ["does not accept"]),
        ("ReadTimeout", ["cannot be reached"]),
    ],
)
def test_where_nothing_more_can_be_read_import_blocks_stops(aws, run, code, words):
    aws.faults.add("DescribeKinesisStreamingDestination", code, times=math.inf)
    assert_one_sentence(run("import-blocks", "orders-restored"), *words)
    assert aws.calls[-1].operation == "DescribeKinesisStreamingDestination"


@pytest.mark.usefixtures("restored")
def test_a_source_that_is_being_deleted_is_gone(aws, run):
    wait_until_active(aws, "orders-restored")
    aws.client("dynamodb").update_table(TableName="orders", DeletionProtectionEnabled=False)
    aws.clock.advance(60)
    aws.client("dynamodb").delete_table(TableName="orders")
    answer = run("diff", "orders", "orders-restored")
    assert answer.code == 1
    assert "Table orders is being deleted. Its settings cannot be read any more." in answer.out
