"""The AWS provider beside Terraform: a script in its place tells how it is started and ended."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.support import provider
from tests.support.terraform import REPOSITORY

STARTS = """
echo "$$" > pid
echo "Provider started."
echo "	TF_REATTACH_PROVIDERS='{\\"provider\\": \\"$1 $TF_LOG_SDK $REGION\\"}'"
exec sleep 600
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support import provider
with provider.running(Path(sys.argv[1]), Path(sys.argv[2]), os.environ):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def program(tmp_path):
    def program(script):
        path = tmp_path / "terraform-provider-aws"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return program


def ended(pid):
    """Return whether a process ends within half a minute."""
    for _ in range(3000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_block_has_the_providers_address_and_its_end_ends_it(tmp_path, program):
    with provider.running(program(STARTS), tmp_path, {**os.environ, "REGION": "xx-test-1"}) as variables:
        assert json.loads(variables["TF_REATTACH_PROVIDERS"]) == {"provider": "-debug OFF xx-test-1"}
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, 0)
    assert ended(pid)


def test_provider_ends_with_a_process_that_is_killed(tmp_path, program):
    subprocess.run(  # noqa: S603
        [sys.executable, "-c", KILLED, str(program(STARTS)), str(tmp_path)], cwd=REPOSITORY, check=False
    )
    assert ended(int((tmp_path / "pid").read_text()))


def test_provider_that_does_not_start_is_quoted(tmp_path, program):
    with (
        pytest.raises(RuntimeError, match="The AWS provider did not start:\nno such plugin protocol"),
        provider.running(program("echo 'no such plugin protocol' >&2; exit 1"), tmp_path, os.environ),
    ):
        pass
