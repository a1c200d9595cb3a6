"""The demo with a stand-in for Terraform: what it shows, its exit codes, and that it leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.demo.screen import Screen
from tests.support.demo.words import words

REPOSITORY = Path(__file__).parents[2]
ESCAPE = "\x1b"

# Deploys what the module would; what it does is told by the first line of `behaviour` beside it.
TERRAFORM = """#!{python}
import io, json, pathlib, subprocess, sys, time, zipfile

command = sys.argv[1]
here = pathlib.Path(__file__).parent
behaviour = (here / "behaviour").read_text()

if command == "output":
    print((here / "outputs.json").read_text())
if command != "apply":
    sys.exit(0)
if behaviour == "fails":
    print("Error: the provider was not in the mood")
    sys.exit(1)
if behaviour == "hangs":
    # As Terraform starts its provider: a process of its own, and this one ends only when it is killed.
    child = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    provider = subprocess.Popen([sys.executable, "-c", child], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    provider.stdout.readline()
    (here / "written").write_text(str(provider.pid))
    (here / "written").rename(here / "pid")
    time.sleep(600)

sys.path.insert(0, {repository!r})
import boto3
from tests.support.deployment import deploy_queued_function, zip_of

class Aws:
    def client(self, service, region="eu-west-1"):
        return boto3.client(service, region)

aws = Aws()
dist = pathlib.Path({repository!r}) / "lambda_src" / "dist"
code, handler = (dist / "function.zip").read_bytes(), "table_sync.handler.lambda_handler"
if behaviour == "does nothing":
    code, handler = zip_of({{"idle.py": "def handler(event, context): pass"}}), "idle.handler"
if behaviour == "writes too often":
    restless = '''
import boto3, json
from table_sync.handler import lambda_handler

def handler(event, context):
    result = lambda_handler(event, context)
    request = json.loads(event["Records"][0]["body"])["detail"]["requestParameters"]
    if not result["batchItemFailures"]:
        client = boto3.client("dynamodb")
        arn = client.describe_table(TableName=request["targetTableName"])["Table"]["TableArn"]
        client.tag_resource(ResourceArn=arn, Tags=client.list_tags_of_resource(ResourceArn=arn)["Tags"])
    return result
'''
    both = io.BytesIO(code)
    with zipfile.ZipFile(both, "a") as package:
        entry = zipfile.ZipInfo("restless.py")
        entry.external_attr = 0o644 << 16
        package.writestr(entry, restless)
    code, handler = both.getvalue(), "restless.handler"
s3 = aws.client("s3")
s3.create_bucket(Bucket="records", CreateBucketConfiguration={{"LocationConstraint": "eu-west-1"}})
s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={{"Status": "Enabled"}})
function = deploy_queued_function(
    aws, "table-sync", code, handler=handler, layers=[(dist / "layer.zip").read_bytes()], Timeout=60,
    queue_attributes={{"DelaySeconds": "60", "VisibilityTimeout": "720"}},
    variables={{"RECORDS_BUCKET": "" if behaviour == "has no records" else "records"}},
)
recorder = deploy_queued_function(
    aws, "recorder", (dist / "function.zip").read_bytes(), handler="table_sync.recorder.lambda_handler",
    layers=[(dist / "layer.zip").read_bytes()], Timeout=60, queue_attributes={{"VisibilityTimeout": "360"}},
    variables={{"RECORDS_BUCKET": "records", "RECORDER_QUEUE_URL": "unused"}},
)
rule = aws.client("events").put_rule(
    Name="table-sync",
    EventPattern=json.dumps({{
        "source": ["aws.dynamodb"],
        "detail": {{"eventName": ["RestoreTableToPointInTime", "RestoreTableFromBackup"]}},
    }}),
)
for target in (function, recorder):
    allow = {{
        "Effect": "Allow", "Principal": {{"Service": "events.amazonaws.com"}}, "Action": "sqs:SendMessage",
        "Resource": target.queue_arn, "Condition": {{"ArnEquals": {{"aws:SourceArn": rule["RuleArn"]}}}},
    }}
    policy = json.dumps({{"Version": "2012-10-17", "Statement": [allow]}})
    aws.client("sqs").set_queue_attributes(QueueUrl=target.queue_url, Attributes={{"Policy": policy}})
    if behaviour != "has no rule":
        aws.client("events").put_targets(Rule="table-sync", Targets=[{{"Id": target.name, "Arn": target.queue_arn}}])
outputs = {{"function_name": function.name, "queue_url": function.queue_url, "dlq_url": function.dlq_url}}
(here / "outputs.json").write_text(json.dumps({{name: {{"value": value}} for name, value in outputs.items()}}))
"""


@pytest.fixture
def start(tmp_path):
    """Start the demo with a Terraform that behaves as told; returns the process."""
    started = []

    def start(behaviour="deploys", **variables):
        terraform = tmp_path / "terraform"
        terraform.write_text(TERRAFORM.format(python=sys.executable, repository=str(REPOSITORY)))
        terraform.chmod(0o755)
        (tmp_path / "behaviour").write_text(behaviour)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.demo"],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "TF_PLUGIN_DIR": str(tmp_path),
                "TMPDIR": str(tmp_path),
                "PYTHONPATH": "lambda_src",
                "DEMO_RESTORE_MINUTES": "3",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
        for directory in directories_of(process):
            shutil.rmtree(directory)


def finish(process):
    output, errors = process.communicate(timeout=400)
    return process.returncode, output, errors


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(session):
    """The processes of a session, which a child keeps when it changes its process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def directories_of(process):
    return list((REPOSITORY / ".work").glob(f"demo-{process.pid}-*"))


def test_every_setting_comes_back(start, tmp_path):
    process = start(DEMO_RESTORE_MINUTES="23")
    code, output, errors = finish(process)

    assert (code, errors) == (0, "")
    for setting in ("tags", "kinesis", "stream", "triggers", "ttl", "pitr", "auto_scaling"):
        assert re.search(rf"│ {setting} .* equal ", output), setting
        assert re.search(rf"^ +{setting} +applied ", output, re.MULTILINE), setting
    assert re.search(r"off by default +skipped +contributor_insights, resource_policy, alarms\n\n", output)
    assert output.count("off by default") == 2, "a waiting attempt says only that it waits"
    assert re.search(r"attempt 1  +waiting: the target is CREATING; next attempt in \d+ s\n", output)
    assert re.search(r"attempt 2-\d\d +waiting for the same reason, \d+ to \d+ s apart\n", output)
    assert output.count("waiting") == 4, "attempts that wait for the same reason are one line"
    assert output.count("All 11 settings are equal.") == 2
    assert len(re.findall(r"In sync .* after the table was ACTIVE, at attempt \d+\.\n", output)) == 2
    assert re.search(r"The settings come from the record of \d{4}-\d\d-\d\d \d\d:\d\d UTC, TableId \S+\.\n", output)
    assert "was delivered a second time, and the function wrote nothing" in output
    assert "\nEverything was removed: " in output
    assert re.search(r"^Next: add the module", output, re.MULTILINE)
    assert ESCAPE not in output
    assert max(map(len, output.splitlines())) <= 120
    assert processes_of(process.pid) == []
    assert directories_of(process) == []
    assert not list(tmp_path.glob("lambda-*"))


def test_every_resource_is_named_and_its_instances_share_a_line(tmp_path, capsys):
    with (tmp_path / "log").open("w") as log, Screen(log).terraform() as take:
        for line in (
            "  # module.table_sync.aws_sqs_queue.dlq[0] will be created",
            '  # module.table_sync.aws_cloudwatch_event_rule.this["aws_backup"] will be created',
            '  # module.table_sync.aws_cloudwatch_event_rule.this["backup"] will be created',
            "Plan: 3 to add, 0 to change, 0 to destroy.",
            'module.table_sync.aws_cloudwatch_event_rule.this["backup"]: Creating...',
            'module.table_sync.aws_cloudwatch_event_rule.this["backup"]: Creation complete after 0s [id=b]',
            "module.table_sync.aws_sqs_queue.dlq[0]: Creation complete after 25s [id=q]",
            'module.table_sync.aws_cloudwatch_event_rule.this["aws_backup"]: Creation complete after 1s [id=a]',
        ):
            take(line)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == ["aws_sqs_queue.dlq (25s)", "aws_cloudwatch_event_rule.this aws_backup, backup (1s)"]


# Takes the names of distributions, and imports the demo as if no others were installed.
IMPORTS = """
import re, sys
from importlib.metadata import packages_distributions

installed = set(sys.argv[1:])
missing = {
    module
    for module, names in packages_distributions().items()
    if module != "tests" and not {re.sub("[-_.]+", "-", name.lower()) for name in names} & installed
}

class OnlyInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyInstalled())
import tests.support.demo.__main__
assert "moto" in sys.modules and "rich" in sys.modules
"""


def test_its_requirements_have_all_that_it_imports():
    requirements = (REPOSITORY / "tests" / "support" / "demo" / "requirements.txt").read_text()
    pinned = re.findall(r"^([\w.-]+)==", requirements, re.MULTILINE)

    def imported(names):
        command = [sys.executable, "-c", IMPORTS, *names]
        environment = {**os.environ, "PYTHONPATH": "lambda_src"}
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (above)

    complete = imported(pinned)
    assert complete.returncode == 0, complete.stderr
    assert "No module named 'rich'" in imported(set(pinned) - {"rich"}).stderr


def test_settings_that_do_not_come_back_are_a_failure(start):
    code, output, errors = finish(start("does nothing"))

    assert code == 1
    assert "DIFFERS" in output
    assert " equal " not in output
    assert (
        "Not equal: tags, kinesis, deletion_protection, stream, triggers, event_source_mapping_tags, table_class, ttl, "
        "pitr, auto_scaling, scalable_target_tags." in " ".join(output.split())
    )
    log = re.search(r"More is in (\S+)", errors)[1]
    assert "tags: source {" in (REPOSITORY / log).read_text()


def test_second_delivery_that_writes_is_a_failure(start):
    code, output, _ = finish(start("writes too often"))

    assert code == 1
    assert "All 11 settings are equal." in output
    assert re.search(r"✗ A second delivery .* wrote \['TagResource'\]", output)


def test_a_deleted_table_without_a_record_is_a_failure(start):
    code, output, _ = finish(start("has no records"))

    assert code == 1
    assert "All 11 settings are equal." in output, "the first restore has its source"
    (unequal,) = re.findall(r"Not equal: ([^.]*)\.", " ".join(output.split()))
    assert "tags" in unequal
    assert "auto_scaling" not in unequal, "it names the table still"


def test_event_that_reaches_no_queue_is_said(start):
    code, _, errors = finish(start("has no rule"))
    assert code == 1
    assert errors.startswith("The function never ran: no event of the restore reached its queue.\n")


def test_terraform_that_fails_is_said_on_a_terminal_without_unicode_and_explained_in_the_log(start):
    code, output, errors = finish(start("fails", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"))
    assert code == 1
    sentence, where = errors.splitlines()
    assert sentence == "Terraform failed. Error: the provider was not in the mood"
    assert "not in the mood" in (REPOSITORY / where.removeprefix("More is in ")).read_text()
    assert "+ AWS emulator" in output
    assert output.isascii()
    assert "?" not in output


def test_terraform_that_is_missing_is_said(start, tmp_path):
    code, _, errors = finish(start(PATH=str(tmp_path / "empty")))
    assert code == 1
    assert errors.startswith("Terraform is missing: ")
    assert "Traceback" not in errors


@pytest.mark.parametrize(("number", "to_group", "code"), [(signal.SIGINT, True, 130), (signal.SIGTERM, False, 143)])
def test_nothing_is_left_when_it_is_interrupted_while_terraform_runs(start, tmp_path, number, to_group, code):
    process = start("hangs")
    while not (tmp_path / "pid").exists() and process.poll() is None:
        time.sleep(0.05)
    provider = int((tmp_path / "pid").read_text())
    assert alive(provider)
    (os.killpg if to_group else os.kill)(process.pid, number)

    returned, _, errors = finish(process)
    assert returned == code
    assert errors == "Ending ...\nInterrupted: everything that the demo had started has ended.\n"
    assert not alive(provider)
    assert processes_of(process.pid) == []
    assert directories_of(process) == []
    assert not list(tmp_path.glob("lambda-*"))


def test_nothing_is_left_when_it_is_interrupted_while_the_function_runs(start, tmp_path):
    process = start()
    for line in process.stdout:
        if "attempt 1 " in line:
            break
    left = processes_of(process.pid)
    assert len(left) > 1, "the function's process is there"
    os.killpg(process.pid, signal.SIGINT)

    assert finish(process)[0] == 130
    assert not any(alive(pid) for pid in left)
    assert not list(tmp_path.glob("lambda-*"))


def test_reader_that_goes_away_ends_it(start):
    process = start()
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    code, _, errors = finish(process)
    assert code == 128 + signal.SIGPIPE
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("tags", {"b": "2", "a": "1"}, "a=1\nb=2"),
        ("tags", {}, "-"),
        ("kinesis", {"arn:aws:kinesis:eu-west-1:1:stream/changes": "MICROSECOND"}, "changes, MICROSECOND"),
        ("stream", None, "-"),
        ("stream", {"StreamEnabled": False}, "-"),
        ("pitr", ("DISABLED", None), "-"),
        ("pitr", ("ENABLED", 14), "14 days"),
        ("something_new", {"a": 1}, '{"a": 1}'),
    ],
)
def test_settings_in_words(setting, value, expected):
    assert words(setting, value) == expected
