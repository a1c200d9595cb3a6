"""Terraform's own checks: format, validity, and `terraform test` with a mocked provider."""

import pytest

from tests.support.terraform import REPOSITORY, Terraform

pytestmark = pytest.mark.usefixtures("real_terraform")


def test_every_file_is_formatted():
    Terraform(REPOSITORY).run("fmt", "-check", "-recursive")


@pytest.mark.parametrize("example", ["basic", "complete"])
def test_example_is_valid(example):
    terraform = Terraform(REPOSITORY / "examples" / example)
    terraform.init()
    terraform.run("validate")


def test_interface():
    terraform = Terraform(REPOSITORY)
    terraform.init()
    terraform.run("test")
