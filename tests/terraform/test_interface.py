"""Terraform's own checks: format, and `terraform test` with a mocked provider."""

import json

import pytest

from tests.support.terraform import REPOSITORY, Terraform

# override_during, with which the mocked provider gives values to a plan.
NEEDED = (1, 11)
FILES = sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("tests/*.tftest.hcl"))
# For each run of `terraform test` the provider starts anew, so what takes a third of the time has one of its own.
REFUSALS = ["tests/refusals.tftest.hcl"]
OTHERS = [file for file in FILES if file not in REFUSALS]

pytestmark = pytest.mark.usefixtures("real_terraform")


def test_every_file_is_formatted():
    Terraform(REPOSITORY).run("fmt", "-check", "-recursive")


@pytest.fixture(scope="module")
def terraform(once):
    """Terraform in the module, initialized by the first process that wants it."""
    terraform = Terraform(REPOSITORY)
    version = json.loads(terraform.run("version", "-json"))["terraform_version"]
    if tuple(map(int, version.split("-")[0].split(".")[:2])) < NEEDED:
        pytest.skip(f"Terraform {version} cannot run the *.tftest.hcl files: they need 1.11.")
    once("interface", terraform.init)
    return terraform


@pytest.mark.parametrize("files", [REFUSALS, OTHERS], ids=["refusals", "others"])
def test_interface(terraform, files):
    with terraform.one_provider():
        output = terraform.run("test", *(f"-filter={file}" for file in files))
    assert [file for file in files if f"{file}... pass" not in output] == []
