"""Deployed zips run in a process of their own by the real runtime client, as Lambda would run them."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.deployment import deploy_function, deploy_queued_function, zip_of
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, LambdaService, PackageError

REPOSITORY = Path(__file__).parents[2]
LAYER = (REPOSITORY / "lambda_src/dist/layer.zip").read_bytes()

FUNCTION = """
import json, logging, os, signal, subprocess, sys, time

started = time.time()

def handler(event, context):
    return globals()[event["do"]](event, context)

def echo(event, context):
    return event

def describe(event, context):
    return {
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "path": sys.path,
        "cwd": os.getcwd(),
        "remaining": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "request_id": context.aws_request_id,
        "memory": context.memory_limit_in_mb,
    }

def files_of(event, context):
    import importlib
    return {name: importlib.import_module(name).__file__ for name in event["modules"]}

def importable(event, context):
    import importlib.util
    return {name: importlib.util.find_spec(name) is not None for name in event["modules"]}

def whoami(event, context):
    import boto3
    return boto3.client("sts").get_caller_identity()["Arn"]

def talk(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    logging.getLogger().warning("logged")

def fail(event, context):
    raise ValueError("broken on purpose")

def leave(event, context):
    os._exit(3)

def die(event, context):
    os.kill(os.getpid(), signal.SIGKILL)

def rest(event, context):
    time.sleep(3600)

def hang(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def service():
    with EmbeddedAWS(server=True) as aws, LambdaService(aws) as started:
        deploy_function(
            aws,
            "probe",
            zip_of({"function.py": FUNCTION}),
            layers=[LAYER],
            variables={"A": "1"},
            Timeout=20,
            MemorySize=256,
        )
        yield started


def gone(pid):
    """Whether a process ends within a few seconds; a zombie has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def test_environment_is_lambdas_and_nothing_of_the_parents(service, monkeypatch):
    monkeypatch.setenv("OF_THE_PARENT", "1")
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "of-the-parent")
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    probe = service.invoke("probe", {"do": "describe"}).response
    environment = probe["environment"]

    expected = {
        "A": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "probe",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/probe",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "LAMBDA_TASK_ROOT": probe["cwd"],
        "TZ": ":UTC",
        "_HANDLER": "function.handler",
    }
    assert environment.items() >= expected.items()
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert not {"OF_THE_PARENT", "AWS_SDK_UA_APP_ID", "PYTHONHASHSEED", "VIRTUAL_ENV"} & environment.keys()
    assert 19_000 < probe["remaining"] <= 20_000
    assert probe["memory"] == "256"
    assert probe["arn"].endswith(":function:probe")


def test_layer_comes_first_and_only_the_runtimes_packages_come_from_the_interpreter(service):
    modules = ["aws_lambda_powertools", "jmespath", "boto3", "awslambdaric"]
    files = service.invoke("probe", {"do": "files_of", "modules": modules}).response

    assert "/opt/python/aws_lambda_powertools/" in files["aws_lambda_powertools"]
    assert "/opt/python/jmespath/" in files["jmespath"]
    assert "/lambda-runtime-" in files["boto3"]
    assert "/lambda-runtime-" in files["awslambdaric"]

    missing = service.invoke("probe", {"do": "importable", "modules": ["moto", "pytest", "pip", "rich"]}).response
    assert missing == {"moto": False, "pytest": False, "pip": False, "rich": False}


def test_powertools_is_missing_without_the_layer(service):
    deploy_function(service.aws, "bare", zip_of({"function.py": FUNCTION}), Timeout=20)
    importable = service.invoke("bare", {"do": "importable", "modules": ["aws_lambda_powertools", "boto3"]}).response
    assert importable == {"aws_lambda_powertools": False, "boto3": True}


def test_function_calls_the_embedded_aws_as_its_role(service):
    service.invoke("probe", {"do": "whoami"})
    [call] = service.aws.calls_of("GetCallerIdentity")
    assert call.principal.arn == f"arn:aws:sts::{service.aws.account}:assumed-role/probe/probe"


def test_process_is_kept_warm_and_replaced_when_the_configuration_changes(service):
    cold = service.invoke("probe", {"do": "describe"})
    warm = service.invoke("probe", {"do": "describe"})
    assert warm.init_duration is None
    assert warm.response["pid"] == cold.response["pid"]
    assert warm.response["request_id"] != cold.response["request_id"]

    service.aws.client("lambda").update_function_configuration(
        FunctionName="probe", Environment={"Variables": {"A": "2"}}
    )
    updated = service.invoke("probe", {"do": "describe"})
    assert updated.init_duration > 0
    assert updated.response["environment"]["A"] == "2"
    assert gone(cold.response["pid"])


def test_output_is_captured_line_by_line(service):
    lines = service.invoke("probe", {"do": "talk"}).log_lines
    assert lines[:2] == ["to stdout", "to stderr"]
    assert lines[2].startswith("[WARNING]")
    assert lines[2].endswith("logged")


def test_json_log_format_reaches_the_runtime_client(service):
    deploy_function(
        service.aws,
        "json-logs",
        zip_of({"function.py": FUNCTION}),
        Timeout=20,
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "WARN"},
    )
    invocation = service.invoke("json-logs", {"do": "talk"})
    [record] = invocation.log_records
    assert (record["level"], record["message"]) == ("WARNING", "logged")
    assert record["requestId"] == invocation.request_id


def test_exception_is_reported_with_its_type(service):
    invocation = service.invoke("probe", {"do": "fail"})
    assert invocation.response is None
    assert (invocation.error["errorType"], invocation.error["errorMessage"]) == ("ValueError", "broken on purpose")
    assert "in fail" in "".join(invocation.error["stackTrace"])


@pytest.mark.parametrize(("way", "how"), [("leave", "exit status 3"), ("die", "signal: killed")])
def test_process_that_dies_is_an_error_and_the_next_one_is_new(service, way, how):
    dead = service.invoke("probe", {"do": way})
    assert dead.error["errorType"] == "Runtime.ExitError"
    assert dead.error["errorMessage"] == f"RequestId: {dead.request_id} Error: Runtime exited with error: {how}"
    assert service.invoke("probe", {"do": "echo"}).init_duration is not None


def test_timeout_kills_the_process_and_what_it_started(service):
    deploy_function(service.aws, "slow", zip_of({"function.py": FUNCTION}), Timeout=1)
    invocation = service.invoke("slow", {"do": "hang"})
    assert invocation.error["errorType"] == "Sandbox.Timedout"
    assert invocation.error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert gone(int(invocation.log_lines[0]))


@pytest.mark.parametrize(
    ("files", "handler", "error"),
    [
        ({"other.py": ""}, "function.handler", "Runtime.ImportModuleError"),
        ({"function.py": ""}, "function.handler", "Runtime.HandlerNotFound"),
        ({"function.py": "1 / 0"}, "function.handler", "ZeroDivisionError"),
        ({"function.py": "import os; os._exit(1)"}, "function.handler", "Runtime.ExitError"),
    ],
)
def test_function_that_cannot_start(service, files, handler, error):
    name = f"unstartable-{error.rsplit('.', 1)[-1]}"
    deploy_function(service.aws, name, zip_of(files), handler=handler)
    assert service.invoke(name, {}).error["errorType"] == error


def test_package_that_lambda_could_not_read_is_refused(service):
    deploy_function(service.aws, "unreadable", zip_of({"function.py": FUNCTION}, mode=0o600))
    with pytest.raises(PackageError, match=r"function\.py has mode 600 .* pack it with mode 0644"):
        service.invoke("unreadable", {"do": "echo"})


def test_invoke_api_over_http(service):
    answer = service.aws.client("lambda").invoke(
        FunctionName="probe", Payload=json.dumps({"do": "talk"}), LogType="Tail"
    )
    assert json.loads(answer["Payload"].read()) is None
    assert base64.b64decode(answer["LogResult"]).decode().startswith("to stdout\nto stderr\n")


def test_queue_and_process_together(service):
    code = """
import os, boto3
def handler(event, context):
    sqs = boto3.client("sqs")
    back = []
    for record in event["Records"]:
        if record["body"] == "later" and record["attributes"]["ApproximateReceiveCount"] == "1":
            sqs.change_message_visibility(
                QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=100
            )
            back.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": back}
"""
    deployed = deploy_queued_function(
        service.aws, "worker", zip_of({"function.py": code}), queue_attributes={"VisibilityTimeout": "720"}, Timeout=20
    )
    for body in ("now", "later"):
        service.aws.client("sqs").send_message(QueueUrl=deployed.queue_url, MessageBody=body)

    first, second = service.run_until_idle(max_seconds=600)
    assert [record["body"] for record in first.event["Records"]] == ["now", "later"]
    assert [record["body"] for record in second.event["Records"]] == ["later"]
    assert 99 <= second.at - first.at < 110


def test_sleep_of_the_function_moves_the_clock_if_wanted(service):
    deploy_function(service.aws, "sleeper", zip_of({"function.py": FUNCTION}), Timeout=20)
    before = service.aws.clock.now()
    with LambdaService(service.aws, ChildProcessRuntime(service.aws.endpoint_url, service.aws.clock.sleep)) as quick:
        invocation = quick.invoke("sleeper", {"do": "rest"})
    assert invocation.error is None
    assert service.aws.clock.now() - before >= 3600


def test_function_ends_when_the_process_that_serves_it_is_killed(tmp_path):
    script = tmp_path / "serve.py"
    script.write_text(
        f"""
import time
from tests.support.deployment import deploy_function, zip_of
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import LambdaService
with EmbeddedAWS(server=True) as aws, LambdaService(aws) as service:
    deploy_function(aws, "probe", zip_of({{"function.py": {FUNCTION!r}}}), Timeout=20)
    print(service.invoke("probe", {{"do": "describe"}}).response["pid"], flush=True)
    time.sleep(600)
"""
    )
    # What is killed cannot clean up.
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    command = [sys.executable, script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as server:  # noqa: S603 (this interpreter)
        pid = int(server.stdout.readline())
        server.send_signal(signal.SIGKILL)
    assert gone(pid)
