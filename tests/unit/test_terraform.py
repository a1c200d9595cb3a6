import os
import platform
import threading
from pathlib import Path

import pytest

from tests.support.terraform import (
    MIRRORS,
    Terraform,
    TerraformError,
    TerraformUnavailable,
    chosen_plugin_dir,
    find_plugin_dir,
)

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
HERE = f"{platform.system().lower()}_{ARCHITECTURE}"


def mirror(root, version="5.100.0", system=HERE):
    directory = root / "host.test" / "hashicorp" / "aws" / version / system
    directory.mkdir(parents=True)
    (directory / f"terraform-provider-aws_v{version}").touch()
    return root


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a script in Terraform's place."""

    def program(script):
        path = tmp_path / "bin" / "terraform"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        return Terraform(tmp_path)

    return program


def test_first_mirror_that_holds_the_provider_is_taken(tmp_path):
    mirrors = [tmp_path / "missing", tmp_path / "empty", mirror(tmp_path / "one"), mirror(tmp_path / "two")]
    (tmp_path / "empty").mkdir()
    assert find_plugin_dir(mirrors) == tmp_path / "one"


@pytest.mark.parametrize("other", [{"version": "5.99.9"}, {"version": "latest"}, {"system": "plan9_mips"}])
def test_mirror_of_no_use_is_passed_over(tmp_path, other):
    assert find_plugin_dir([mirror(tmp_path / "of-no-use", **other)]) is None


def test_mirror_in_the_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = mirror(tmp_path / ".terraform.d" / "plugins")
    assert find_plugin_dir(MIRRORS) == expected


def test_what_was_tried_is_said(monkeypatch, program):
    monkeypatch.delenv("TF_PLUGIN_DIR", raising=False)
    monkeypatch.setattr("tests.support.terraform.MIRRORS", (Path("/no/mirror"), Path("/none/here")))
    terraform = program("echo 'Error: Failed to query available provider packages'; exit 1")
    with pytest.raises(
        TerraformUnavailable, match=r"registry, TF_PLUGIN_DIR is not set, and none of /no/mirror, /none/here holds it"
    ):
        terraform.init()


def test_missing_program_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformUnavailable, match="no program named terraform is on PATH"):
        Terraform(tmp_path)


def test_plugin_dir_that_is_none_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path / "missing"))
    with pytest.raises(TerraformUnavailable, match=r"TF_PLUGIN_DIR is .*missing, which is no directory"):
        chosen_plugin_dir()


def test_named_plugin_dir_is_taken_without_looking(tmp_path, monkeypatch, program):
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path))
    terraform = program(f'echo "$@" >> {tmp_path}/commands')
    terraform.init()
    assert (tmp_path / "commands").read_text() == f"init -no-color -plugin-dir={tmp_path}\n"


def test_provider_of_a_mirror_is_not_taken_through_a_cache(tmp_path, monkeypatch, program):
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path))
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    program(f"env > {tmp_path}/environment").init()
    assert "TF_PLUGIN_CACHE" not in (tmp_path / "environment").read_text()


def test_provider_of_the_registry_is_downloaded_once(tmp_path, monkeypatch, program):
    monkeypatch.delenv("TF_PLUGIN_DIR", raising=False)
    monkeypatch.setattr("tests.support.terraform.MIRRORS", (Path("/no/mirror"), Path("/none/here")))
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    program(f"env > {tmp_path}/environment").init()
    assert {
        f"TF_PLUGIN_CACHE_DIR={tmp_path}/cache",
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1",
    } <= set((tmp_path / "environment").read_text().splitlines())
    assert (tmp_path / "cache").is_dir()


def test_directory_without_the_provider_is_said_in_a_sentence(tmp_path, monkeypatch, program):
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path))
    terraform = program("echo 'Error: Failed to query available provider packages'; exit 1")
    with pytest.raises(TerraformUnavailable, match="does not hold a version that the configuration accepts"):
        terraform.init()


def test_mistake_in_the_configuration_is_no_missing_provider(tmp_path, monkeypatch, program):
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path))
    terraform = program("echo 'Error: Argument or block definition required'; exit 1")
    with pytest.raises(TerraformError, match="Argument or block definition required"):
        terraform.init()


def test_commands_see_no_credentials_and_no_missing_configuration(monkeypatch, program):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/no/such/file")
    environment = program("env").run("version")
    assert "AWS_PROFILE" not in environment
    assert "TF_CLI_CONFIG_FILE" not in environment


def test_variables_are_passed_as_terraform_reads_them(program):
    terraform = program('printf "%s\\n" "$@"')
    arguments = terraform.run("apply").splitlines()
    assert arguments == ["apply", "-no-color"]
    lines = []
    terraform = Terraform(terraform.directory, on_line=lines.append)
    terraform.apply(endpoint="http://127.0.0.1", max_attempts=5, enable_ttl_settings=False, tags={"team": "data"})
    assert lines[3:] == [
        "-var=endpoint=http://127.0.0.1",
        "-var=max_attempts=5",
        "-var=enable_ttl_settings=false",
        '-var=tags={"team": "data"}',
    ]


def test_plan_says_whether_it_changes_anything(program):
    terraform = program('case "$3" in -detailed-exitcode) exit "$CODE";; esac; exit 9')
    results = [Terraform(terraform.directory, {"CODE": code}).plan() for code in ("0", "2")]
    assert results == [False, True]
    with pytest.raises(TerraformError):
        Terraform(terraform.directory, {"CODE": "1"}).plan()


def test_command_of_another_thread_can_be_interrupted(tmp_path, program):
    started = tmp_path / "started"
    os.mkfifo(started)
    terraform = program(f"trap 'echo saved the state; exit 1' INT; echo now > {started}; while :; do sleep 0.05; done")
    errors = []

    def apply():
        try:
            terraform.apply()
        except TerraformError as error:
            errors.append(str(error))

    thread = threading.Thread(target=apply)
    thread.start()
    started.read_text()
    terraform.interrupt()
    thread.join()
    assert "saved the state" in errors[0]


def test_command_that_is_about_to_run_can_be_interrupted(program):
    terraform = program("trap 'echo saved the state; exit 1' INT; while :; do sleep 0.05; done")
    terraform.interrupt()
    with pytest.raises(TerraformError):
        terraform.apply()


def test_output_is_read_line_by_line_whatever_its_parts(program):
    lines = []
    terraform = program("printf 'one\\ntw'; sleep 0.1; printf 'o\\n\\nthree'")
    Terraform(terraform.directory, on_line=lines.append).run("apply")
    assert lines == ["one", "two", "", "three"]
