"""Terraform's own checks: format, and `terraform test` with a mocked provider."""

import pytest

from tests.support.terraform import REPOSITORY, Terraform

pytestmark = pytest.mark.usefixtures("real_terraform")


def test_every_file_is_formatted():
    Terraform(REPOSITORY).run("fmt", "-check", "-recursive")


def test_interface():
    terraform = Terraform(REPOSITORY)
    terraform.init()
    terraform.run("test")
