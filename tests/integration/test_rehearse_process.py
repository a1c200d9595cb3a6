"""The command `rehearse` as a process that is ended in several ways, against the embedded AWS's server."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.delays import Delays
from tests.support.module import NAME, deploy_module

LAMBDA_SRC = Path(__file__).parents[2] / "lambda_src"
COMMAND = [sys.executable, "-m", "table_sync", "rehearse", "--name", NAME]
PREFIX = "table-sync-rehearsal-"


@pytest.fixture(scope="module")
def aws():
    """Deploy the module; nobody runs its function, so that a rehearsal waits until it is ended."""
    with EmbeddedAWS(server=True) as embedded:
        deploy_module(embedded)
        embedded.delays = Delays(create_table=0, delete_table=0, continuous_backups=0, stream=0, table_class=0)
        embedded.restore_seconds = 0
        yield embedded


@pytest.fixture
def environment(aws, tmp_path):
    aws.faults.clear()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | aws.environment() | {"PYTHONPATH": str(LAMBDA_SRC), "HOME": str(tmp_path)}


def tables(aws):
    return [name for name in aws.client("dynamodb").list_tables()["TableNames"] if name.startswith(PREFIX)]


def run_until(aws, operation, end, environment, **streams):
    """Run the command, call `end` with the process once the operation was called, and wait."""
    processes = []
    aws.faults.after(operation, lambda _: end(processes[0]))
    with subprocess.Popen(COMMAND, env=environment, **streams) as process:  # noqa: S603 (the command under test)
        processes.append(process)
        out, err = process.communicate()
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_it_and_leaves_nothing(aws, environment, number):
    # The second one comes while everything is removed.
    aws.faults.after("DeleteTable", lambda _: os.kill(pids[0], number))
    pids = []

    def end(process):
        pids.append(process.pid)
        process.send_signal(number)

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    code, out, err = run_until(aws, "RestoreTableToPointInTime", end, environment, **pipes)
    assert code == 130, err
    assert "Everything that it created was removed." in out
    assert "Traceback" not in err
    assert tables(aws) == []


def test_lost_terminal_leaves_nothing(aws, environment):
    ours, theirs = pty.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "start_new_session": True}

    def take_the_terminal_away(process):
        os.close(ours)
        process.send_signal(signal.SIGHUP)

    code, _, _ = run_until(aws, "RestoreTableToPointInTime", take_the_terminal_away, environment, **streams)
    os.close(theirs)
    assert code in {1, 130}  # 1 where nobody can be told
    assert tables(aws) == []


def test_killed_process_leaves_what_clean_removes(aws, environment):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    code, _, _ = run_until(aws, "RestoreTableToPointInTime", lambda process: process.kill(), environment, **quiet)
    assert code == -signal.SIGKILL
    assert len(tables(aws)) == 2
    clean = subprocess.run([*COMMAND, "--clean"], env=environment, check=False, capture_output=True, text=True)  # noqa: S603 (as above)
    assert (clean.returncode, clean.stdout.count("Removed table")) == (0, 2), clean.stderr
    assert tables(aws) == []
