"""`doctor` and `rehearse` on the module as real Terraform applies it, with the packages as released."""

import json
import os
import time

import pytest

from table_sync.command_line import cli
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, LambdaService
from tests.support.module import make_trail
from tests.support.terraform import REPOSITORY, Terraform, TerraformUnavailable

NAME = "rehearsed"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Apply the module to an embedded AWS of its own, which no other deployment shares."""
    with EmbeddedAWS(server=True) as aws:
        state = tmp_path_factory.mktemp("rehearsed") / "terraform.tfstate"
        try:
            terraform = Terraform(REPOSITORY / "examples" / "local", aws.environment(), state=state)
            terraform.init()
        except TerraformUnavailable as unavailable:
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI is true, so a skip will not do. {unavailable}", pytrace=False)
            pytest.skip(f"It needs real Terraform. {unavailable}")
        with terraform.one_provider():
            terraform.apply(name=NAME)
        make_trail(aws)
        aws.clock.advance(120)  # the event source mapping is made in the background
        yield aws


@pytest.fixture
def run(deployed, monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in deployed.environment().items():
        monkeypatch.setenv(name, value)

    def run(command):
        code = cli.main([command, "--name", NAME, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_doctor_finds_all_well_and_the_first_sweep_due(run):
    code, answer = run("doctor")
    assert (code, [check for check in answer["checks"] if check["status"] != "ok"]) == (0, [])
    messages = {check["check"]: check["message"] for check in answer["checks"]}
    assert messages["recorder"].startswith("the first sweep is due by ")
    assert messages["recorder permissions"].startswith("the role may do all that the recorder needs")
    assert messages["records bucket"].endswith("exists, keeps versions, and may be read by you")


def test_rehearsal_is_in_sync_and_leaves_nothing(deployed, run, monkeypatch):
    runtime = ChildProcessRuntime(deployed.endpoint_url, deployed.clock.sleep)
    with LambdaService(deployed, runtime) as service:

        def sleep(seconds):
            end = deployed.clock.now() + seconds
            service.run_until(end)
            deployed.clock.advance(max(0, end - deployed.clock.now()))

        monkeypatch.setattr(time, "sleep", sleep)
        code, report = run("rehearse")
    assert (code, report["outcome"]) == (0, "in_sync"), report
    # The others are off by default.
    assert list(report["settings"]) == [
        *("tags", "stream", "ttl", "pitr", "deletion_protection", "table_class", "on_demand_throughput"),
    ]
    assert all(setting["source"] and setting["equal"] for setting in report["settings"].values())
    assert "in sync, as the function reports" in [step["step"] for step in report["steps"]]
    tables = deployed.client("dynamodb").list_tables()["TableNames"]
    assert [name for name in tables if name.startswith("table-sync-rehearsal-")] == []
