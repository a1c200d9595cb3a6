"""Each input, validation, precondition, toggle, output and resource of the module has its run in tests/*.tftest.hcl."""

import re
from collections import Counter

import pytest

from scripts import attempts
from scripts.inputs_outputs import defaults
from table_sync.settings import SETTINGS
from tests.support.hcl import blocks, code
from tests.support.terraform import REPOSITORY

MODULE = "\n".join(path.read_text() for path in sorted(REPOSITORY.glob("*.tf")))
VARIABLES = {block.labels[0]: code(block.body) for block in blocks(MODULE, "variable")}
RUNS = {
    (path.name, block.labels[0]): block.body
    for path in sorted(REPOSITORY.glob("tests/*.tftest.hcl"))
    for block in blocks(path.read_text(), "run")
}
WINDOWS = {
    name: (run, int(window[1]))
    for (_, name), run in RUNS.items()
    if (window := re.search(r"output\.retry_window_seconds == (\d+)$", run, re.MULTILINE))
}
TOGGLES = {setting.TOGGLE for setting in SETTINGS}
every_variable = pytest.mark.parametrize("variable", sorted(VARIABLES))


def part(run, name, closing):
    """Return the lines of a run's part, such as its variables."""
    found = re.search(rf"^  {name} .*?^  {closing}|^  {name} = \[.*?\]$", run, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def given(run):
    """Return the inputs that a run gives."""
    return set(re.findall(r"^    (\w+)\s*=", part(run, "variables", r"\}"), re.MULTILINE))


REFUSALS = Counter(
    name
    for run in RUNS.values()
    for name in set(
        re.findall(r"\b(?:var\.\w+|aws_\w+\.\w+|output\.\w+|check\.\w+)", part(run, "expect_failures", r"\]"))
    )
)


@every_variable
def test_input_is_typed_described_and_given_in_a_run(variable):
    body = VARIABLES[variable]
    assert re.search(r"^  type\s*=", body, re.MULTILINE)
    assert not re.search(r"\bany\b", body)
    assert re.search(r"^  description\s*=", body, re.MULTILINE)
    # tests/terraform/test_settings_file.py and tests/proof/test_permissions.py turn over the toggles of the settings.
    assert variable in TOGGLES or any(variable in given(run) for run in RUNS.values())


@every_variable
def test_input_for_which_null_means_nothing_is_not_nullable(variable):
    null_by_default = re.search(r"^  default\s*= null$", VARIABLES[variable], re.MULTILINE)
    # For a schedule null means never, which is not the default.
    null_means_something = bool(null_by_default) or variable == "event_history_schedule"
    assert null_means_something != bool(re.search(r"^  nullable\s*= false$", VARIABLES[variable], re.MULTILINE))


@every_variable
def test_each_validation_refuses_in_a_run(variable):
    assert REFUSALS[f"var.{variable}"] >= len(re.findall(r"^  validation \{", VARIABLES[variable], re.MULTILINE))


@every_variable
def test_input_of_few_values_or_a_range_is_validated(variable):
    number_or_form = re.search(
        r"^  type\s*= (?:number|string|set\(string\)|list\(string\)|object\(\{)$", VARIABLES[variable], re.MULTILINE
    )
    assert not number_or_form or "validation {" in VARIABLES[variable]


@pytest.mark.parametrize(
    ("resource", "preconditions"),
    [
        (".".join(["output"] * (block.kind == "output") + list(block.labels)), found)
        for block in blocks(MODULE)
        if block.kind in {"resource", "output"} and (found := block.body.count("  precondition {"))
    ],
)
def test_each_precondition_refuses_in_a_run(resource, preconditions):
    assert REFUSALS[resource] >= preconditions


@pytest.mark.parametrize("check", blocks(MODULE, "check"), ids=lambda check: check.labels[0])
def test_each_assertion_of_a_check_warns_in_a_run(check):
    assert REFUSALS[f"check.{check.labels[0]}"] >= check.body.count("  assert {")


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_window_ends_with_the_earliest_last_look_of_the_functions_own_backoff(name, monkeypatch):
    run, window = WINDOWS[name]
    numbers = re.findall(r"^    (\w+)\s*= ([\d.]+)$", part(run, "variables", r"\}"), re.MULTILINE)
    inputs = defaults() | {variable: float(value) for variable, value in numbers}
    monkeypatch.setattr(attempts, "defaults", lambda: inputs | {"max_attempts": int(inputs["max_attempts"])})
    assert attempts.schedule(attempts.shortest)[-1].seconds == window


def test_window_is_looked_at_with_the_defaults_and_others():
    assert WINDOWS.keys() > {"defaults", "window_of_one_attempt"}


def test_everything_is_looked_at_when_nothing_is_created():
    run = RUNS["inputs.tftest.hcl", "nothing"]
    outputs = {f"output.{block.labels[0]}" for block in blocks(MODULE, "output")}
    made = {".".join(block.labels) for block in blocks(MODULE, "resource")}
    read = {f"data.{'.'.join(block.labels)}" for block in blocks(MODULE, "data")}
    assert {
        name for name in outputs | made | read if not re.search(rf"^ +{re.escape(name)},$", run, re.MULTILINE)
    } == set()
