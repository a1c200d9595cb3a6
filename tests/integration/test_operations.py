"""docs/operations.md, command by command, with the AWS CLI and the packages as released against the embedded AWS."""

import json
import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.records.bucket import Bucket
from table_sync.records.snapshot import snapshot
from tests.support import alarms, aws_cli
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, LambdaService
from tests.support.pipeline import Pipeline
from tests.support.restore_events import arn
from tests.support.tables import (
    REGION,
    let_read_streams,
    make_source,
    make_table,
    restore,
    settings_of,
    wait_until_active,
)
from tests.support.terraform import REPOSITORY

GUIDE = (REPOSITORY / "docs/operations.md").read_text()
DIST = REPOSITORY / "lambda_src/dist"
ALARMS = [*alarms.FIXED, "lost-*", *alarms.OF_RECORDS]
NAME = "table-sync"  # Pipeline's
CLI_SECONDS = 60


def commands_of(heading):
    """Return the console blocks of a section."""
    section = f"\n{GUIDE}".split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```console\n(.*?)```", section, re.DOTALL)


class Shell:
    """A shell on call, in which the guide's first block has been run."""

    def __init__(self, aws, directory):
        jq = shutil.which("jq")
        if jq is None:
            pytest.skip("The guide's commands need jq, and no program of that name is on PATH: install it.")
        self._directory = directory
        programs = directory / "bin"
        programs.mkdir()
        aws_cli.install(programs)
        path = [str(programs), str(Path(jq).parent), "/usr/bin", "/bin"]
        self._environment = {"HOME": str(directory), "PATH": os.pathsep.join(path), "AWS_PAGER": ""} | aws.environment()
        (first,) = commands_of("# Operations")
        assert "export NAME=dynamodb-pitr-table-sync\n" in first
        exported = self.run(first.replace("dynamodb-pitr-table-sync", NAME) + "env -0")
        self._environment |= dict(variable.split("=", 1) for variable in exported.split("\0") if variable)

    def run(self, command, code=0):
        """Run a block of the guide; return what it wrote, stripped."""
        done = subprocess.run(  # noqa: S603 (commands of the guide)
            ["/bin/bash", "-euo", "pipefail", "-c", command],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CLI_SECONDS,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()


@pytest.fixture
def pipeline():
    """Deploy the package as it is released, its log in the format that the module sets, alarms off."""
    with EmbeddedAWS(server=True) as aws:
        runtime = ChildProcessRuntime(aws.endpoint_url, sleep=aws.clock.sleep)
        with Pipeline(aws, service=LambdaService(aws, runtime), ENABLE_ALARM_SETTINGS="false") as deployed:
            layer = aws.client("lambda").publish_layer_version(
                LayerName="layer", Content={"ZipFile": (DIST / "layer.zip").read_bytes()}
            )
            code = (DIST / "function.zip").read_bytes()
            aws.client("lambda").update_function_code(FunctionName=NAME, ZipFile=code)
            aws.client("lambda").update_function_configuration(
                FunctionName=NAME,
                Handler="table_sync.handler.lambda_handler",
                Layers=[layer["LayerVersionArn"]],
                LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "LogGroup": f"/aws/lambda/{NAME}"},
            )
            yield deployed


def set_variable(aws, name, value):
    """Change the function's environment, as somebody might in the console."""
    client = aws.client("lambda")
    variables = client.get_function_configuration(FunctionName=NAME)["Environment"]["Variables"]
    before = variables.get(name)
    variables = {key: text for key, text in (variables | {name: value}).items() if text is not None}
    client.update_function_configuration(FunctionName=NAME, Environment={"Variables": variables})
    return before


def make_alarms(aws):
    """Make the module's alarms, that of the dead-letter queue gone off."""
    client = aws.client("cloudwatch")
    for alarm in ALARMS:
        client.put_metric_alarm(
            AlarmName=f"{NAME}-{alarm}",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    client.set_alarm_state(AlarmName=f"{NAME}-dlq-not-empty", StateValue="ALARM", StateReason="1 datapoint was >= 1")


def make_records_bucket(aws):
    """Make a bucket of records as the module does."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="records-of-settings", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="records-of-settings", VersioningConfiguration={"Status": "Enabled"})
    function_clients.start_session()
    return Bucket("records-of-settings", REGION)


def crash(aws, pipeline):
    """Let one run end with an exception, then put right what caused it."""
    before = set_variable(aws, "MAX_ATTEMPTS", "often")
    pipeline.send("{}")
    pipeline.run_for(120)
    aws.sqs.queue(pipeline.function.queue_arn).stored.clear()
    set_variable(aws, "MAX_ATTEMPTS", before)


def test_a_night_on_call(pipeline, tmp_path):
    aws = pipeline.aws
    make_source(aws)
    make_alarms(aws)
    restore(aws, "orders", "orders-restored", BillingModeOverride="PAY_PER_REQUEST")
    aws.faults.add(
        "TagResource",
        "AccessDeniedException",
        "not authorized",
        times=math.inf,
        when=lambda call: call.service == "dynamodb",
    )
    pipeline.send("not JSON")
    pipeline.run()
    crash(aws, pipeline)
    shell = Shell(aws, tmp_path)

    # Which alarm, and what is in the queue.
    (which,) = commands_of("## Which alarm is it?")
    assert shell.run(which) == f"{NAME}-dlq-not-empty\t1 datapoint was >= 1"
    count, read, *_ = commands_of("## Messages in the dead-letter queue")
    assert json.loads(shell.run(count))["Attributes"]["ApproximateNumberOfMessages"] == "2"
    messages = [json.loads(entry) for entry in re.split(r"(?<=\n\})\n", shell.run(read))]
    by_restore = {str(message["restore"]): message["reason"] for message in messages}
    assert by_restore.pop("not JSON") == "The message is not JSON."
    ((details, reason),) = by_restore.items()
    assert "'targetTableName': 'orders-restored'" in details
    assert reason == "tags: TagResource: AccessDeniedException: not authorized"
    assert json.loads(shell.run(count))["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "2"
    aws.clock.advance(61)

    # What the log says.
    (errors,) = commands_of("## The function fails")
    *_, line, report = map(json.loads, shell.run(errors).splitlines())
    assert line["errorType"] == report["record"]["errorType"] == "ConfigurationError"
    (reports,) = commands_of("## Read a report")
    *_, at_last = [line.split("\t") for line in shell.run(reports).splitlines()]
    assert at_last[1:] == [str(len(pipeline.attempts)), "failed", reason]
    why, look = commands_of("## Why was a setting skipped?")
    skipped = dict(line.split("\t") for line in shell.run(why).splitlines())
    assert skipped == {
        "alarms": "enable_alarm_settings is false",
        "auto_scaling": "the target's billing mode is PAY_PER_REQUEST",
        "scalable_target_tags": "auto_scaling is skipped",
    }
    assert shell.run(look, code=1).splitlines() == ["differs", "tags", "false"]

    # The cause is gone.
    aws.faults.clear()
    move, moved, purge, *_ = commands_of("## Redrive")
    assert "TaskHandle" in shell.run(move)
    assert shell.run(moved).split("\t")[:2] == ["COMPLETED", "2"]
    pipeline.run()
    aws.clock.advance(10)  # tags are read seconds after they were written
    assert settings_of(aws, "orders-restored")["tags"] == settings_of(aws, "orders")["tags"]
    assert shell.run(look).splitlines() == ["in_sync", "true"]
    assert len(aws.sqs.messages(pipeline.function.dlq_arn)) == 1  # the one that is no restore
    shell.run(purge)
    assert aws.sqs.messages(pipeline.function.dlq_arn) == []


def test_one_message_is_redriven_and_another_deleted(pipeline, tmp_path):
    aws = pipeline.aws
    for body in ("first", "second"):
        pipeline.send(body)
    pipeline.run()
    shell = Shell(aws, tmp_path)
    _, read, *_ = commands_of("## Messages in the dead-letter queue")
    ids = {message["restore"]: message["id"] for message in map(json.loads, re.split(r"(?<=\n\})\n", shell.run(read)))}
    *_, find, redrive_one, delete_one = commands_of("## Redrive")

    def of(body):
        aws.clock.advance(61)
        return find.replace("00000000-0000-0000-0000-000000000000", ids[body])

    assert shell.run(of("first")) == "first"
    aws.clock.advance(61)
    shell.run(find + redrive_one, code=1)  # no message has the ID of the page
    aws.clock.advance(61)
    assert shell.run(of("first") + redrive_one).startswith("first\n")
    assert [message.body for message in aws.sqs.messages(pipeline.function.queue_arn)] == ["first"]
    assert shell.run(of("second") + delete_one) == "second"
    assert aws.sqs.messages(pipeline.function.dlq_arn) == []


def test_a_trigger_whose_function_may_not_read_the_stream(pipeline, tmp_path):
    aws = pipeline.aws
    make_source(aws)
    let_read_streams(aws, "orders-audit", "orders")
    pipeline.enforce_permissions()
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    shell = Shell(aws, tmp_path)

    _, read, which, allow_role = commands_of("## Messages in the dead-letter queue")
    reason = json.loads(shell.run(read))["reason"]
    assert re.search(r"^triggers: .*: Cannot access stream \S+/orders-restored/stream/", reason)
    aws.clock.advance(61)
    assert shell.run(which) == f"arn:aws:lambda:eu-west-1:{aws.account}:function:orders-audit"
    shell.run(allow_role)
    move, *_ = commands_of("## Redrive")
    shell.run(move)
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    assert settings_of(aws, "orders-restored")["triggers"] == settings_of(aws, "orders")["triggers"]
    assert aws.sqs.messages(pipeline.function.dlq_arn) == []


def test_a_deleted_table(pipeline, tmp_path, monkeypatch):
    aws = pipeline.aws
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    bucket = make_records_bucket(aws)
    set_variable(aws, "RECORDS_BUCKET", bucket.name)
    make_source(aws)
    before = settings_of(aws, "orders")
    table = Table(arn("orders"))
    table.describe()
    bucket.write(snapshot(table, None), "")
    aws.clock.advance(7200)
    dynamodb = aws.client("dynamodb")
    dynamodb.update_table(TableName="orders", DeletionProtectionEnabled=False)
    wait_until_active(aws, "orders")
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)
    shell = Shell(aws, tmp_path)

    again, report, other_version = commands_of("## The table was deleted")
    assert shell.run(again) == "CREATING"
    pipeline.run()
    outcome, origin = shell.run(report).splitlines()
    assert (outcome, json.loads(origin)["kind"]) == ('"in_sync"', "record")
    aws.clock.advance(120)
    restored = settings_of(aws, "orders")
    assert {name for name in before if before[name] != restored[name]} <= {"contributor_insights", "resource_policy"}
    outcome, version = shell.run(other_version).splitlines()
    assert (outcome, version) == ("in_sync", json.loads(origin)["version_id"])


def test_by_hand_and_with_the_function_paused(pipeline, tmp_path):
    aws = pipeline.aws
    make_table(aws, "ledger", indexes=())
    arn = aws.client("dynamodb").describe_table(TableName="ledger")["Table"]["TableArn"]
    aws.client("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "finance"}])
    shell = Shell(aws, tmp_path)

    restore(aws, "ledger", "ledger-restored")
    aws.sqs.queue(pipeline.function.queue_arn).stored.clear()  # the event is lost
    (sync,) = commands_of("## A table whose restore was not processed")
    assert shell.run(sync).splitlines()[0] == "waiting"
    wait_until_active(aws, "ledger-restored")
    assert shell.run(sync) == "in_sync"
    aws.clock.advance(10)  # as above
    assert settings_of(aws, "ledger-restored")["tags"] == settings_of(aws, "ledger")["tags"]

    pause, go_on = commands_of("## Pause the function")
    assert shell.run(pause) in {"Disabling", "Disabled"}
    aws.clock.advance(60)
    restore(aws, "ledger", "ledger-again")
    assert pipeline.run_for(3600) == []
    assert shell.run(go_on) in {"Enabling", "Enabled"}
    pipeline.run()
    assert pipeline.attempts[-1]["target"].endswith("table/ledger-again")
    assert pipeline.attempts[-1]["outcome"] == "in_sync"


def test_the_alarms_are_those_of_the_module():
    assert len(ALARMS) == 9
    assert re.findall(r"^\| `<name>-([\w*-]+)` \|", GUIDE, re.MULTILINE) == ALARMS


@pytest.mark.parametrize(
    "heading", ["## Messages in the dead-letter queue", "## The function fails", "## Why was a setting skipped?"]
)
def test_the_reasons_that_are_explained_are_given(heading):
    """Each piece of a reason is in the function's code, or is Lambda's own."""
    section = GUIDE.split(f"\n{heading}\n")[1].split("\n## ")[0]
    cells = [row.split(" | ")[0].strip("| ") for row in section.splitlines() if row.startswith("| `")]
    said = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    code = "\n".join(path.read_text() for path in (REPOSITORY / "lambda_src/table_sync").rglob("*.py"))
    of_lambda = {"Runtime.ImportModuleError", '"status": "timeout"', "ERROR_CODE", "Cannot access stream"}
    examples = (
        r"\.\.\.|enable_|_settings|eu-\w+-\d|\d+|:|PAY_PER_REQUEST|CREATING|stream$"
        r"|^(?:triggers|stream)(?= )|AccessDeniedException|[()]"
    )
    pieces = [piece.strip() for text in said if text not in of_lambda for piece in re.split(examples, text)]
    assert pieces
    assert [piece for piece in pieces if piece not in code] == []
