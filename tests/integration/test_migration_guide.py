"""The commands in the guide to the migration from the SAM sample."""

import re
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.terraform import REPOSITORY

GUIDE = (REPOSITORY / "examples/migrate-from-sam/README.md").read_text()
CLI_SECONDS = 60


def commands_of(heading):
    """Return the console blocks of a section."""
    section = GUIDE.split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```console\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def programs(tmp_path):
    if shutil.which("jq") is None:
        pytest.skip("The guide's commands need jq, and no program of that name is on PATH: install it.")
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory


def install(directory, name, script):
    program = directory / name
    program.write_text(f"#!/bin/bash\n{script}\n")
    program.chmod(0o755)


def run(command, programs, **environment):
    """Run a block of the guide; return what it wrote, stripped."""
    path = f"{programs}:{Path(shutil.which('jq')).parent}:/usr/bin:/bin"
    done = subprocess.run(  # noqa: S603 (commands of the guide)
        ["/bin/bash", "-uo", "pipefail", "-c", command],
        cwd=programs.parent,
        env={"HOME": str(programs.parent), "PATH": path} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CLI_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def test_between_the_two_rules_a_minute_passes_and_what_comes_late_is_listed(programs):
    for name in ("aws", "terraform", "sleep"):
        install(programs, name, f'echo {name} "$@" >> calls; echo RULE')
    switch, listed, back = commands_of("## 2. Switch")
    for block, expected in {
        switch: [
            "aws events disable-rule --name RULE",
            "sleep 60",
            "terraform apply -var sample_rule_disabled=true",
        ],
        back: [
            "terraform apply -var sample_rule_disabled=false",
            "sleep 60",
            "aws events enable-rule --name RULE",
        ],
    }.items():
        before = time.time()
        printed, *_ = run(f"rule=RULE\n{block}", programs, SAMPLE="sample").splitlines()
        since = datetime.fromisoformat(printed).timestamp()
        assert before - 901 <= since <= time.time() - 900
        calls = (programs.parent / "calls").read_text().splitlines()
        assert calls[-3:] == expected
    assert "--start-time TIME" in listed
