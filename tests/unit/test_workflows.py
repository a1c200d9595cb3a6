"""What zizmor does not look at in the GitHub workflows: who may write, and whether what they call is there."""

import re
import subprocess

import pytest
import yaml

from scripts.terraform_files import read
from tests.support.terraform import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
IDS = [path.stem for path in WORKFLOWS]
# GitHub documentation, Workflow syntax: `on` is a boolean in YAML 1.1.
ON = True
VERSIONS = read(REPOSITORY / "versions.tf")[0].body
OLDEST_TERRAFORM = VERSIONS["required_version"].removeprefix(">= ")
OLDEST_PROVIDER = VERSIONS["required_providers"][0]["aws"]["version"].removeprefix(">= ")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))

workflows = pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_is_one_for_each_occasion():
    assert set(IDS) == {"rehearse", "release", "security", "test"}


def test_one_version_of_an_action_is_used_everywhere():
    pins = {}
    for path in WORKFLOWS:
        for action, pin in re.findall(r"uses: (\S+)@(.+)", path.read_text()):
            pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@workflows
def test_no_more_is_permitted_than_to_read_but_to_release_and_rehearsal(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    permitted = {
        "release": {"release": {"contents": "write", "id-token": "write", "attestations": "write"}},
        "rehearse": {"rehearse": {"contents": "read", "id-token": "write"}},
    }
    assert more == permitted.get(path.stem, {})


def test_a_rehearsal_is_started_by_hand_with_a_role_and_ends_with_a_removal():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/rehearse.yml").read_text())
    assert set(workflow[ON]) == {"workflow_dispatch"}
    job = workflow["jobs"]["rehearse"]
    (role,) = (step["with"] for step in job["steps"] if "aws-actions" in step.get("uses", ""))
    assert role["role-to-assume"] == "${{ vars.REHEARSAL_ROLE_ARN }}"
    assert "secrets." not in (REPOSITORY / ".github/workflows/rehearse.yml").read_text()
    *_, last = job["steps"]
    assert (last["if"], last["run"].split()[-1]) == ("always()", "--clean")


def test_what_may_write_the_release_runs_after_the_tests_and_nothing_that_was_installed():
    jobs = yaml.safe_load((REPOSITORY / ".github/workflows/release.yml").read_text())["jobs"]
    verified = [step["run"] for step in jobs["verify"]["steps"] if "run" in step]
    for command in ("scripts/release_notes.py", "make lint", "make test", "scripts/package.py --check"):
        assert any(command in run for run in verified), command
    assert jobs["release"]["needs"] == "verify"
    uses = [step["uses"].split("@")[0] for step in jobs["release"]["steps"] if "uses" in step]
    assert uses == ["actions/checkout", "actions/attest-build-provenance"]
    (run,) = (step["run"] for step in jobs["release"]["steps"] if "run" in step)
    programs = re.findall(r"^(\S+) ", run.replace("\\\n", ""), re.MULTILINE)
    assert programs == ["python3", "gh"]


@workflows
def test_runs_do_not_pile_up_or_last_for_ever(path):
    workflow = yaml.safe_load(path.read_text())
    assert "github.ref" in workflow["concurrency"]["group"]
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())


@workflows
def test_what_the_steps_call_is_there(path):
    commands = "\n".join(step.get("run", "") for step in steps(yaml.safe_load(path.read_text())))
    assert set(re.findall(r"\bmake ([a-z-]+)", commands)) <= TARGETS
    files = re.findall(r"\b(?:scripts|tests|lambda_src)/[\w./]*\w", commands)
    assert [file for file in files if not (REPOSITORY / file).exists()] == []


@workflows
def test_every_script_is_valid_bash(path):
    for step in steps(yaml.safe_load(path.read_text())):
        subprocess.run(["/bin/bash", "-n"], input=step.get("run", ""), text=True, check=True)


def test_the_oldest_and_the_newest_terraform_and_provider_are_tested():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/test.yml").read_text())
    matrix = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    assert {entry["terraform"] for entry in matrix} == {OLDEST_TERRAFORM, "latest"}
    assert {entry["provider"] for entry in matrix} == {OLDEST_PROVIDER, "~> 6.0"}
    assert all((REPOSITORY / entry["tests"]).is_dir() for entry in matrix)
    assert "opentofu" in workflow["jobs"]


def test_a_release_is_of_a_semantic_version():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/release.yml").read_text())
    assert workflow[ON] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}
