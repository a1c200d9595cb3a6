"""The command `doctor`: each part of the deployed module is broken in turn, and one line says so."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends

from table_sync.command_line import cli
from table_sync.command_line.doctor.queue_policies import lets_send
from tests.support.deployment import deploy_function, zip_of
from tests.support.embedded_aws.policies import AccessRequest, decision
from tests.support.module import (
    ALARMS,
    EVERYTHING,
    NAME,
    RULES,
    Module,
    allow,
    deploy_module,
    let_send,
    make_alarm,
    make_trail,
)
from tests.support.recorder import BUCKET, make_bucket
from tests.support.terraform import REPOSITORY

RECORDER = f"{NAME}-recorder"
READS = ("Describe", "Get", "List", "Simulate", "TestEventPattern")


@pytest.fixture
def module(aws):
    return deploy_module(aws)


@pytest.fixture
def doctor(monkeypatch, capsys, tmp_path):
    for name in ("AWS_PROFILE", "NO_COLOR", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def doctor(*arguments, name=NAME):
        code = cli.main(["doctor", "--name", name, *arguments])
        captured = capsys.readouterr()
        assert captured.err == "" or code == 1
        return code, captured.out, captured.err

    return doctor


def problems(out):
    return [line for line in out.splitlines() if line.startswith(("problem", "unreadable"))]


def test_all_is_well_after_the_deployment(aws, module, doctor):
    aws.calls.clear()
    code, out, _ = doctor()
    assert (code, problems(out)) == (0, []), out
    assert out.startswith(f"{NAME} in eu-west-1, account 123456789012\n")
    assert out.endswith("\nAll well.\n")
    assert module.function.name == NAME
    assert [call.name for call in aws.calls if not call.operation.startswith(READS)] == []


def test_json_has_every_check(module, doctor):
    code, out, _ = doctor("--json")
    answer = json.loads(out)
    assert (code, answer["outcome"], answer["account"]) == (0, "ok", module.rule_arns["backup"].split(":")[4])
    assert {check["status"] for check in answer["checks"]} == {"ok"}
    assert [check["check"] for check in answer["checks"]] == [
        *("trail", "rules", "targets", "queues", "queue policies", "event source mapping", "function", "environment"),
        *("layer", "runtime", "permissions", "dead-letter queue", "alarms"),
    ]


def stop_the_trail(aws, _):
    aws.client("cloudtrail").stop_logging(Name="management")


def let_the_trail_log_reads_alone(aws, _):
    selector = {"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}
    aws.client("cloudtrail").put_event_selectors(TrailName="management", EventSelectors=[selector])


def let_the_trail_log_data_alone(aws, _):
    field = {"Field": "eventCategory", "Equals": ["Data"]}
    aws.client("cloudtrail").put_event_selectors(
        TrailName="management", AdvancedEventSelectors=[{"Name": "data", "FieldSelectors": [field]}]
    )


def disable_a_rule(aws, _):
    aws.client("events").disable_rule(Name=RULES["backup"])


def delete_a_rule(aws, _):
    events = aws.client("events")
    events.remove_targets(Rule=RULES["backup"], Ids=["queue"])
    events.delete_rule(Name=RULES["backup"])


def change_a_pattern(aws, _):
    events = aws.client("events")
    events.put_rule(Name=RULES["backup"], EventPattern=json.dumps({"source": ["aws.dynamodb"], "account": ["1"]}))


def remove_a_target(aws, _):
    aws.client("events").remove_targets(Rule=RULES["point_in_time"], Ids=["queue"])


def leave_out_the_dead_letter_queue_of_a_target(aws, module):
    target = {"Id": "queue", "Arn": module.function.queue_arn}
    aws.client("events").put_targets(Rule=RULES["point_in_time"], Targets=[target])


def remove_the_redrive_policy(aws, module):
    sqs = aws.client("sqs")
    sqs.set_queue_attributes(QueueUrl=module.function.queue_url, Attributes={"RedrivePolicy": ""})


def leave_a_rule_out_of_the_policy(aws, module):
    arns = [arn for restore_type, arn in module.rule_arns.items() if restore_type != "backup"]
    let_send(aws, module.function.queue_url, module.function.queue_arn, arns)


def let_nobody_send_to_the_dead_letter_queue(aws, module):
    let_send(aws, module.function.dlq_url, module.function.dlq_arn, [])


def disable_the_mapping(aws, module):
    aws.client("lambda").update_event_source_mapping(UUID=module.mapping_id, Enabled=False)
    aws.clock.advance(120)


def delete_the_mapping(aws, module):
    aws.client("lambda").delete_event_source_mapping(UUID=module.mapping_id)
    aws.clock.advance(120)


def delete_the_layer(aws, module):
    name, version = module.layer_arn.split(":")[-2:]
    aws.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


def take_the_layer_away(aws, _):
    aws.client("lambda").update_function_configuration(FunctionName=NAME, Layers=[])


def choose_an_old_runtime(aws, _):
    aws.client("lambda").update_function_configuration(FunctionName=NAME, Runtime="python3.9")


def spoil_the_environment(aws, _):
    _environment(aws, BACKOFF_RATE="fast")


def name_another_queue(aws, _):
    _environment(aws, QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/other")


def _environment(aws, **variables):
    lambda_ = aws.client("lambda")
    before = lambda_.get_function_configuration(FunctionName=NAME)["Environment"]["Variables"]
    lambda_.update_function_configuration(FunctionName=NAME, Environment={"Variables": before | variables})


def forbid_an_action(aws, module):
    deny = {"Effect": "Deny", "Action": "dynamodb:UpdateTimeToLive", "Resource": "*"}
    allow(aws, module.function.role_arn, EVERYTHING, deny)


def forbid_describing_backups(aws, module):
    deny = {"Effect": "Deny", "Action": "dynamodb:DescribeBackup", "Resource": "*"}
    allow(aws, module.function.role_arn, EVERYTHING, deny)


def grant_too_little(aws, module):
    statement = {"Effect": "Allow", "NotAction": ["kinesis:PutRecords"], "Resource": "*"}
    allow(aws, module.function.role_arn, statement)


def leave_a_message_in_the_dead_letter_queue(aws, module):
    aws.client("sqs").send_message(QueueUrl=module.function.dlq_url, MessageBody="{}")


def set_off_an_alarm(aws, _):
    aws.client("cloudwatch").set_alarm_state(AlarmName=f"{NAME}-errors", StateValue="ALARM", StateReason="test")


def delete_the_alarms(aws, _):
    aws.client("cloudwatch").delete_alarms(AlarmNames=list(ALARMS))


def forget_the_recorder(aws, _):
    _environment(aws, RECORDS_BUCKET="records")


# What to break, the check that finds it, what its line says is wrong, and what to do.
BROKEN = [
    (stop_the_trail, "trail", "no CloudTrail trail logs write management events", "create a trail"),
    (let_the_trail_log_reads_alone, "trail", "no CloudTrail trail", "create a trail"),
    (let_the_trail_log_data_alone, "trail", "no CloudTrail trail", "enable_records"),
    (disable_a_rule, "rules", "table-sync-backup is disabled", "aws events enable-rule --name table-sync-backup"),
    (delete_a_rule, "rules", "the rule table-sync-backup is missing", "apply the module again"),
    (change_a_pattern, "rules", "table-sync-backup does not match restores of this account", "apply"),
    (remove_a_target, "targets", "table-sync-point-in-time does not send to the queue table-sync", "apply"),
    (leave_out_the_dead_letter_queue_of_a_target, "targets", "has no dead-letter queue table-sync-dlq", "apply"),
    (remove_the_redrive_policy, "queues", "does not have table-sync-dlq as dead-letter queue", "apply"),
    (leave_a_rule_out_of_the_policy, "queue policies", "queue table-sync does not let table-sync-backup send", "apply"),
    (let_nobody_send_to_the_dead_letter_queue, "queue policies", "queue table-sync-dlq does not let", "apply"),
    (disable_the_mapping, "event source mapping", "restores wait in the queue", "update-event-source-mapping --uuid"),
    (delete_the_mapping, "event source mapping", "nothing invokes table-sync", "apply"),
    (delete_the_layer, "layer", "is deleted", "apply"),
    (take_the_layer_away, "layer", "has no layer", "apply"),
    (choose_an_old_runtime, "runtime", "python3.9 is not a runtime of this module", "python3.13"),
    (name_another_queue, "environment", "QUEUE_URL", "apply"),
    (forbid_an_action, "permissions", "may not do dynamodb:UpdateTimeToLive", "permissions boundary"),
    (forbid_describing_backups, "permissions", "may not do dynamodb:DescribeBackup", "permissions boundary"),
    (grant_too_little, "permissions", "may not do kinesis:PutRecords", "apply"),
    (leave_a_message_in_the_dead_letter_queue, "dead-letter queue", "1 message is in table-sync-dlq", "FailureReason"),
    (set_off_an_alarm, "alarms", "table-sync-errors is in ALARM", "went off"),
    (delete_the_alarms, "alarms", "there are no alarms table-sync-*", "apply"),
    (forget_the_recorder, "recorder", "there is no function table-sync-recorder", "apply"),
]


@pytest.mark.parametrize("case", BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_what_is_broken_is_one_line(aws, module, doctor, case):
    break_, check, what, to_do = case
    break_(aws, module)
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert line.startswith(f"problem     {check} ")
    assert what in line
    assert to_do in line
    assert out.endswith("\n1 problem was found.\n")


def test_a_wrong_environment_keeps_other_checks_from_being_made(aws, module, doctor):
    spoil_the_environment(aws, module)
    code, out, _ = doctor()
    problem, permissions = problems(out)
    assert code == 2
    assert "BACKOFF_RATE is 'fast'" in problem
    assert permissions.startswith("unreadable  permissions")


@pytest.mark.usefixtures("module")
def test_another_name_finds_no_function(doctor):
    code, out, _ = doctor(name="other")
    assert code == 2
    assert any(
        "there is no function other in eu-west-1, account 123456789012: check --name" in line for line in problems(out)
    )


@pytest.mark.usefixtures("module")
def test_alarms_of_an_instance_with_a_longer_name_do_not_count(aws, doctor):
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{NAME}-staging-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Dimensions=[{"Name": "FunctionName", "Value": f"{NAME}-staging"}],
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    aws.client("cloudwatch").set_alarm_state(AlarmName=f"{NAME}-staging-errors", StateValue="ALARM", StateReason="test")
    assert doctor()[0] == 0


def test_another_trail_that_logs_is_enough(aws, module, doctor):
    stop_the_trail(aws, module)
    make_trail(aws, "other")
    assert doctor()[0] == 0


def test_boto3_of_the_runtime_is_read_from_the_log(aws, module, doctor):
    _log(aws, "1.40.10")
    code, out, _ = doctor()
    assert (code, module.function.name) == (0, NAME)
    assert "python3.13, boto3 1.40.10" in out


@pytest.mark.usefixtures("module")
def test_boto3_that_is_too_old_is_a_problem_of_the_settings_that_are_on(aws, doctor):
    _log(aws, "1.35.3")
    _environment(aws, ENABLE_CONTRIBUTOR_INSIGHTS_SETTINGS="false")
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert "boto3 1.35.3 of python3.13 is too old: pitr needs 1.35.94: choose a newer runtime" in line


def _log(aws, version):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=f"/aws/lambda/{NAME}")
    logs.create_log_stream(logGroupName=f"/aws/lambda/{NAME}", logStreamName="a")
    events = [
        {"timestamp": int(aws.clock.now() * 1000), "message": message}
        for message in ("START", json.dumps({"level": "INFO", "botocore": version}))
    ]
    logs.put_log_events(logGroupName=f"/aws/lambda/{NAME}", logStreamName="a", logEvents=events)


@pytest.fixture
def new_recorder(aws, module):  # noqa: ARG001 (it is beside the module)
    """Add a recorder that has not run yet; return its role's ARN."""
    configuration = deploy_function(
        aws, RECORDER, zip_of({"function.py": "not run"}), variables={"RECORDS_BUCKET": BUCKET}
    )
    allow(aws, configuration["Role"], EVERYTHING)
    make_bucket(aws)
    _environment(aws, RECORDS_BUCKET=BUCKET)
    for key, schedule in (("sweep", "rate(12 hours)"), ("look_up", "rate(5 minutes)")):
        rule = f"{NAME}-{key.replace('_', '-')}"
        aws.client("events").put_rule(Name=rule, ScheduleExpression=schedule)
        target = {"Id": "recorder", "Arn": configuration["FunctionArn"], "Input": json.dumps({key: True})}
        aws.client("events").put_targets(Rule=rule, Targets=[target])
    return configuration["Role"]


@pytest.fixture
def recorder(aws, new_recorder):
    """Add a recorder whose last sweep finished two hours ago; return its role's ARN."""
    _finish_a_sweep(aws, hours_ago=2)
    return new_recorder


def _finish_a_sweep(aws, hours_ago):
    data = {
        "MetricName": "SweepsFinished",
        "Dimensions": [{"Name": "service", "Value": RECORDER}],
        "Timestamp": datetime.now(UTC) - timedelta(hours=hours_ago),
        "Value": 1,
    }
    aws.client("cloudwatch").put_metric_data(Namespace="DynamoDBTableSync", MetricData=[data])


@pytest.mark.usefixtures("recorder")
def test_age_of_the_last_sweep_is_told(doctor):
    code, out, _ = doctor()
    assert code == 0, out
    assert "the last sweep finished 2 h ago" in out


@pytest.mark.usefixtures("recorder")
def test_without_a_trail_the_event_history_will_do(aws, module, doctor):
    stop_the_trail(aws, module)
    code, out, _ = doctor()
    assert code == 0, out
    assert "the event history is queried instead" in out


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("rule", ["sweep", "look-up"])
def test_schedule_that_is_disabled_is_a_problem(aws, module, doctor, rule):
    stop_the_trail(aws, module)
    aws.client("events").disable_rule(Name=f"{NAME}-{rule}")
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    expected = {"sweep": f"the rule {NAME}-sweep is disabled", "look-up": "no CloudTrail trail logs"}
    assert expected[rule] in line


@pytest.mark.parametrize(
    ("hours_ago", "what"), [(30, "the last sweep finished 30 h ago, more than two schedules"), (200, "within 7 days")]
)
def test_sweep_that_is_overdue_is_a_problem(aws, doctor, request, hours_ago, what):
    request.getfixturevalue("recorder")
    for backend in cloudwatch_backends[aws.account].values():
        backend.metric_data.clear()
    _finish_a_sweep(aws, hours_ago)
    _change_recorder(aws, hours_ago + 12)
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert what in line
    assert 'invoke table-sync-recorder with {"sweep": true}' in line


ALARMS_OF_RECORDER = ("sweep-overdue", "event-history-overdue")


@pytest.mark.usefixtures("new_recorder")
def test_first_sweep_is_no_problem_before_it_is_due(aws, doctor):
    for name in ALARMS_OF_RECORDER:
        _make_alarm_of_recorder(aws, f"{NAME}-{name}")
    code, out, _ = doctor()
    assert code == 0, out
    changed = aws.client("lambda").get_function_configuration(FunctionName=RECORDER)["LastModified"]
    due = datetime.fromisoformat(changed) + timedelta(hours=12 + 2)
    assert f"the first sweep is due by {due:%Y-%m-%d %H:%M} UTC" in out
    assert f"until the recorder has run once: {NAME}-sweep-overdue, {NAME}-event-history-overdue" in out


@pytest.mark.usefixtures("new_recorder")
@pytest.mark.parametrize(
    ("hours", "overdue"),
    [(2.5, {"event-history-overdue"}), (14.5, {"event-history-overdue", "sweep-overdue"})],
)
def test_first_run_is_overdue_after_its_schedule_and_two_hours(aws, doctor, hours, overdue):
    for name in ALARMS_OF_RECORDER:
        _make_alarm_of_recorder(aws, f"{NAME}-{name}")
    _change_recorder(aws, hours_ago=hours)
    code, out, _ = doctor()
    assert code == 2
    lines = problems(out)
    assert {
        name for name in ("event-history-overdue", "sweep-overdue") if f"{NAME}-{name} is in ALARM" in out
    } == overdue
    assert any(f"no sweep of {RECORDER} has finished" in line for line in lines) == ("sweep-overdue" in overdue)


@pytest.mark.usefixtures("recorder")
def test_alarm_of_a_recorder_that_has_run_is_a_problem(aws, doctor):
    _make_alarm_of_recorder(aws, f"{NAME}-sweep-overdue")
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert f"{NAME}-sweep-overdue is in ALARM" in line


def _make_alarm_of_recorder(aws, name):
    make_alarm(aws, name, "DynamoDBTableSync", "SweepsFinished", {"service": RECORDER})
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")


def _change_recorder(aws, hours_ago):
    """Have the recorder changed so long ago; time goes on for doctor by itself."""
    function = lambda_backends[aws.account]["eu-west-1"].get_function(RECORDER)
    function.last_modified = f"{datetime.now(UTC) - timedelta(hours=hours_ago):%Y-%m-%dT%H:%M:%S.%f}000Z"


def delete_the_bucket(aws, _):
    aws.client("s3").delete_bucket(Bucket=BUCKET)


def suspend_versioning(aws, _):
    aws.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def forget_the_bucket(aws, _):
    aws.client("lambda").update_function_configuration(FunctionName=RECORDER, Environment={"Variables": {}})


def forbid_a_read(aws, role_arn):
    allow(aws, role_arn, EVERYTHING, {"Effect": "Deny", "Action": "dynamodb:GetResourcePolicy", "Resource": "*"})


def allow_another_bucket(aws, role_arn):
    other = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/settings/*"}
    allow(aws, role_arn, EVERYTHING, other)


def forbid_the_event_history(aws, role_arn):
    allow(aws, role_arn, EVERYTHING, {"Effect": "Deny", "Action": "cloudtrail:LookupEvents", "Resource": "*"})


BROKEN_RECORDER = [
    (delete_the_bucket, "records bucket", f"there is no bucket {BUCKET}", "records_bucket"),
    (suspend_versioning, "records bucket", f"{BUCKET} does not keep versions", "aws s3api put-bucket-versioning"),
    (forget_the_bucket, "records bucket", f"RECORDS_BUCKET is missing in the environment of {RECORDER}", "apply"),
    (forbid_a_read, "recorder permissions", f"{RECORDER} may not do dynamodb:GetResourcePolicy", "boundary"),
    (allow_another_bucket, "recorder permissions", f"{RECORDER} may not do s3:PutObject", "apply"),
    (forbid_the_event_history, "recorder permissions", f"{RECORDER} may not do cloudtrail:LookupEvents", "apply"),
]


@pytest.mark.parametrize("case", BROKEN_RECORDER, ids=[row[0].__name__ for row in BROKEN_RECORDER])
def test_what_is_broken_at_the_recorder_is_one_line(aws, recorder, doctor, case):
    break_, check, what, to_do = case
    break_(aws, recorder)
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert line.startswith(f"problem     {check} ")
    assert what in line
    assert to_do in line


@pytest.mark.usefixtures("recorder")
def test_permissions_of_the_function_include_the_bucket(aws, module, doctor):
    deny = {"Effect": "Deny", "Action": "s3:GetObjectVersion", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    allow(aws, module.function.role_arn, EVERYTHING, deny)
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 2
    assert f"the role {NAME} may not do s3:GetObjectVersion" in line


# Who runs doctor, without one permission of those that it uses.
UNREADABLE = {
    "cloudtrail:DescribeTrails": "trail",
    "events:ListTargetsByRule": "targets",
    "lambda:ListEventSourceMappings": "event source mapping",
    "lambda:GetLayerVersion": "layer",
    "logs:DescribeLogStreams": "runtime",
    "iam:SimulatePrincipalPolicy": "permissions",
    "cloudwatch:DescribeAlarms": "alarms",
}


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(("action", "check"), UNREADABLE.items())
def test_what_may_not_be_read_names_the_permission(aws, doctor, monkeypatch, action, check):
    become(aws, monkeypatch, EVERYTHING, deny=action)
    _assert_unreadable(doctor, action, check)


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("action", ["s3:GetBucketVersioning", "s3:ListBucket"])
def test_bucket_that_may_not_be_read_names_the_permission(aws, doctor, monkeypatch, action):
    become(aws, monkeypatch, EVERYTHING, deny=action)
    _assert_unreadable(doctor, action, "records bucket")


def _assert_unreadable(doctor, action, check):
    code, out, _ = doctor()
    (line,) = problems(out)
    assert code == 1
    assert line.startswith(f"unreadable  {check} ")
    assert f"{action} is not allowed to you" in line
    assert out.endswith("\n1 check could not be made.\n")


def become(aws, monkeypatch, *statements, deny=()):
    """Run commands as a role with these statements."""
    iam = aws.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="operator", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    denied = [{"Effect": "Deny", "Action": deny, "Resource": "*"}] if deny else []
    policy = {"Version": "2012-10-17", "Statement": [*statements, *denied]}
    iam.put_role_policy(RoleName="operator", PolicyName="operator", PolicyDocument=json.dumps(policy))
    for name, value in aws.credentials(role).items():
        monkeypatch.setenv(name, value)
    aws.permissions.enforced = True


OPERATIONS = (REPOSITORY / "docs/operations.md").read_text()
DOCUMENTED = re.findall(r"`([a-z0-9-]+:[A-Z]\w+)`", OPERATIONS.split("\n## Check the deployment")[1].split("\n## ")[0])


@pytest.mark.usefixtures("recorder")
def test_documented_permissions_are_enough_and_only_read(aws, doctor, monkeypatch):
    assert [action for action in DOCUMENTED if not action.partition(":")[2].startswith(READS)] == []
    _log(aws, "1.40.10")
    become(aws, monkeypatch, {"Effect": "Allow", "Action": DOCUMENTED, "Resource": "*"})
    code, out, _ = doctor()
    assert (code, problems(out)) == (0, []), out


def test_nothing_may_be_read(aws, module, doctor, monkeypatch):
    become(aws, monkeypatch, {"Effect": "Deny", "Action": "*", "Resource": "*"})
    code, out, _ = doctor()
    assert (code, module.function.name) == (1, NAME)
    assert not [line for line in out.splitlines() if line.startswith(("ok", "problem"))]


def test_a_wrong_name_is_one_sentence(doctor):
    code, out, err = doctor(name="not a name")
    assert (code, out) == (1, "")
    assert err == "'not a name' is not a name of the module: give its input name to --name.\n"


def test_the_decision_of_queue_policies_is_that_of_the_embedded_aws(module: Module, aws):
    """The evaluation of queue policies in doctor agrees with the one that delivers events here."""
    policy = aws.client("sqs").get_queue_attributes(QueueUrl=module.function.queue_url, AttributeNames=["Policy"])
    document = policy["Attributes"]["Policy"]
    for arn in (*module.rule_arns.values(), "arn:aws:events:eu-west-1:123456789012:rule/other"):
        context = {"aws:SourceArn": arn, "aws:SourceAccount": aws.account, "aws:SecureTransport": "true"}
        request = AccessRequest("events.amazonaws.com", "sqs:SendMessage", module.function.queue_arn, context)
        assert lets_send(document, module.function.queue_arn, arn) is (decision(document, request) is True)
