"""The commands in the guide to the migration from the SAM sample."""

import json
import re
import shutil
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest
from awscli import clidriver

from tests.support import aws_cli
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.pipeline import Pipeline
from tests.support.tables import make_source
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


@pytest.fixture
def pipeline(monkeypatch):
    with EmbeddedAWS(server=True) as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        with Pipeline(aws, AWS_ENDPOINT_URL=aws.endpoint_url) as deployed:
            yield deployed


def test_side_by_side(pipeline, programs):
    aws = pipeline.aws
    make_source(aws)
    aws_cli.install(programs)
    install(
        programs, "terraform", "case $3 in function_name) echo table-sync ;; *) echo /aws/lambda/table-sync ;; esac"
    )
    _, _, dry_run, look = commands_of("## 1. Side by side")
    backup, restored, log = re.split(r"(?m)^(?=aws )", look)[1:]
    arn = json.loads(run(backup, programs, **aws.environment()))["BackupDetails"]["BackupArn"]
    run(restored.replace("ARN", arn), programs, **aws.environment())
    pipeline.run()
    assert run(log, programs, **aws.environment()).splitlines()[-1].split("\t")[2] == "in_sync"
    aws.clock.advance(10)  # tags are read seconds after they were written
    run(dry_run.replace("orders-restored", "orders-from-backup"), programs, **aws.environment())
    assert json.loads((programs.parent / "report.json").read_text())["outcome"] == "in_sync"


def test_version_1_of_the_aws_cli_knows_every_command(programs, monkeypatch):
    monkeypatch.chdir(programs.parent)
    for name in ("terraform", "sam", "sleep"):
        install(programs, name, "echo name")
    # What each is given, and an answer that the rest of its block can do with.
    install(programs, "aws", r"""printf '%s\0' "$@" end >> calls; echo {}""")
    blocks = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
    run("\n".join([*blocks, "true"]), programs)
    calls = [call.split("\0") for call in (programs.parent / "calls").read_text().split("\0end\0") if call]
    assert len(calls) >= len(re.findall(r"\baws [a-z]", "\n".join(blocks))) > 10
    driver = clidriver.create_clidriver()
    # With a skeleton it makes no call. What answers with a file has none, and is called above.
    called = [call for call in calls if call[:2] != ["lambda", "invoke"]]
    assert [call for call in called if driver.main([*call, "--generate-cli-skeleton"]) != 0] == []
