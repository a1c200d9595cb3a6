"""The command line as a process, with a real terminal, against the embedded AWS's server."""

import contextlib
import errno
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import TAGS, make_table, restore, settings_of, wait_until_active

LAMBDA_SRC = Path(__file__).parents[2] / "lambda_src"
HEARD_SECONDS = 10
COMMAND = [sys.executable, "-m", "table_sync"]


@pytest.fixture(scope="module")
def aws():
    with EmbeddedAWS(server=True) as embedded:
        make_table(embedded, "orders")
        arn = embedded.client("dynamodb").describe_table(TableName="orders")["Table"]["TableArn"]
        tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
        embedded.client("dynamodb").tag_resource(ResourceArn=arn, Tags=tags)
        embedded.clock.advance(60)
        yield embedded


@pytest.fixture
def environment(aws, tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NO_COLOR"))}
    return kept | aws.environment() | {"PYTHONPATH": str(LAMBDA_SRC), "HOME": str(tmp_path), "COLUMNS": "100"}


def restored(aws, name):
    restore(aws, "orders", name)
    wait_until_active(aws, name)
    aws.clock.advance(20)


def run(environment, *arguments, command=COMMAND, **options):
    options = {
        "text": True,
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    } | options
    return subprocess.run([*command, *arguments], env=environment, check=False, **options)  # noqa: S603 (under test)


def test_diff_sync_diff(aws, environment):
    restored(aws, "synced")
    before = run(environment, "diff", "orders", "synced", "--json")
    assert (before.returncode, before.stderr) == (2, "")
    assert json.loads(before.stdout)["outcome"] == "differs"
    assert run(environment, "sync", "orders", "synced", "--yes").returncode == 0
    assert settings_of(aws, "synced") == settings_of(aws, "orders")
    after = run(environment, "diff", "orders", "synced")
    assert (after.returncode, after.stderr) == (0, "")
    assert "\033" not in after.stdout


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, environment, *arguments):
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(  # noqa: S603 (the command under test)
            [*COMMAND, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.text = ""

    def read_until(self, words):
        while words not in self.text and (read := self._read()):
            self.text += read
        assert words in self.text, self.text

    def answer(self, text):
        os.write(self._ours, text.encode())

    def interrupt(self):
        """Press Ctrl-C until it is heard: Python's wait for an answer does not see one that comes right before it."""
        ended = False
        while not ended:
            os.killpg(self.process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(HEARD_SECONDS)
                ended = True

    def end(self):
        while read := self._read():
            self.text += read
        os.close(self._ours)
        return self.process.wait()

    def _read(self):
        try:
            return os.read(self._ours, 4096).decode()
        except OSError as error:
            if error.errno != errno.EIO:  # Linux: the other end is closed
                raise
            return ""


def test_a_person_is_asked_and_sees_colours(aws, environment):
    restored(aws, "asked")
    terminal = Terminal(environment | {"TERM": "xterm"}, "sync", "orders", "asked", "--only", "tags")
    terminal.read_until("[y/N]")
    assert "\033[33mdiffers" in terminal.text
    terminal.answer("y\n")
    assert terminal.end() == 0
    assert "\033[32mapplied" in terminal.text
    assert settings_of(aws, "asked")["tags"] == TAGS


def test_ctrl_c_at_the_question_is_quiet_and_changes_nothing(aws, environment):
    restored(aws, "interrupted")
    terminal = Terminal(environment, "sync", "orders", "interrupted")
    terminal.read_until("[y/N]")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Traceback" not in terminal.text
    assert settings_of(aws, "interrupted")["tags"] == {}


def test_ctrl_c_while_it_starts_is_quiet(environment, tmp_path):
    (tmp_path / "botocore.py").write_text("raise KeyboardInterrupt\n")
    environment |= {"PYTHONPATH": f"{tmp_path}{os.pathsep}{LAMBDA_SRC}"}
    answer = run(environment, "diff", "orders", "copy")
    assert (answer.returncode, answer.stdout, answer.stderr) == (130, "", "")


def test_a_reader_that_goes_away_is_no_traceback(environment):
    process = subprocess.Popen(  # noqa: S603 (the command under test)
        [*COMMAND, "import-blocks", "orders"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.parametrize(
    ("arguments", "unbuffered"),
    [(["import-blocks", "orders"], ""), (["import-blocks", "orders"], "1"), (["diff", "--help"], "")],
)
def test_an_output_that_is_full_is_one_sentence(environment, arguments, unbuffered):
    with Path("/dev/full").open("w") as full:
        answer = run(environment | {"PYTHONUNBUFFERED": unbuffered}, *arguments, stdout=full)
    assert answer.stderr == "The output cannot be written: No space left on device.\n"
    assert answer.returncode == 1


def test_what_the_output_cannot_encode_is_escaped(aws, environment):
    make_table(aws, "overseas")
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="Ü \U0001f30a",
        Namespace="AWS/DynamoDB",
        MetricName="ReadThrottleEvents",
        Dimensions=[{"Name": "TableName", "Value": "overseas"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    ascii_only = environment | {"PYTHONIOENCODING": "ascii"}
    answer = run(ascii_only, "diff", "overseas", "orders")
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert "alarm \\u00dc \\U0001f30a-orders" in answer.stdout
    assert answer.stdout.endswith("orders differs from overseas.\n")
    blocks = run(ascii_only, "import-blocks", "overseas").stdout
    assert '"\\u00dc \\U0001f30a"' in blocks, "HCL knows these escapes"


def test_an_endpoint_that_nobody_serves_is_one_sentence(environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    answer = run(environment | {"AWS_ENDPOINT_URL": endpoint}, "diff", "orders", "copy")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert endpoint in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_an_endpoint_that_is_no_url_is_one_sentence(environment):
    answer = run(environment | {"AWS_ENDPOINT_URL": "nowhere"}, "diff", "orders", "copy")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "nowhere" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_an_mfa_code_that_nobody_can_be_asked_for_is_no_traceback(environment, tmp_path):
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = x\n"
        "[profile work]\nsource_profile = base\nrole_arn = arn:aws:iam::123456789012:role/work\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    )
    environment |= {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    # Without a terminal, not even the one at which the tests run.
    answer = run(environment, "diff", "orders", "copy", "--profile", "work", start_new_session=True)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "Traceback" not in answer.stderr
    assert "nobody can be asked for the MFA code" in answer.stderr.splitlines()[-1]


def test_boto3_is_all_that_it_needs(environment):
    script = "import sys, table_sync.command_line.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = run(environment, "-c", script, command=[sys.executable]).stdout.split()
    assert "botocore" in loaded
    assert "aws_lambda_powertools" not in loaded


def test_without_boto3_it_says_so(environment):
    answer = run(environment, "diff", "orders", "copy", command=[sys.executable, "-S", "-m", "table_sync"])
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "boto3 is missing: install it with python -m pip install boto3.\n"


@pytest.mark.parametrize("command", ["diff", "sync", "import-blocks"])
def test_help_names_the_settings_and_the_exit_codes(environment, command):
    answer = run(environment, command, "--help")
    assert answer.returncode == 0
    assert max(map(len, answer.stdout.splitlines())) <= 100  # COLUMNS
    if command != "import-blocks":
        assert "auto_scaling" in answer.stdout
        assert "Exit codes: 0 if all are equal" in " ".join(answer.stdout.split())
