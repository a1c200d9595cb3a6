"""Each input, validation, precondition, toggle, output and resource of the module has its run in tests/*.tftest.hcl."""

from collections import Counter

import pytest
from hcl2.rules.containers import TupleRule

from scripts import attempts
from scripts.terraform_files import bodies, defaults, expression, read
from table_sync.settings import SETTINGS
from tests.support.terraform import REPOSITORY

MODULE = sorted(REPOSITORY.glob("*.tf"))
VARIABLES, OUTPUTS, RESOURCES = (bodies(kind, MODULE) for kind in ("variable", "output", "resource"))
CHECKS = bodies("check", MODULE)
RUNS = {
    (path.name, name): body
    for path in sorted(REPOSITORY.glob("tests/*.tftest.hcl"))
    for name, body in bodies("run", [path]).items()
}
WINDOW = "output.retry_window_seconds == "
WINDOWS = {
    name: (run, int(condition.removeprefix(WINDOW)))
    for (_, name), run in RUNS.items()
    for assertion in run.get("assert", [])
    if (condition := expression(assertion["condition"])).startswith(WINDOW)
}
TOGGLES = {setting.TOGGLE for setting in SETTINGS}
every_variable = pytest.mark.parametrize("variable", sorted(VARIABLES))


def given(run):
    """Return the inputs that a run gives."""
    (inputs,) = run.get("variables", [{}])
    return inputs


REFUSALS = Counter(expression(name) for run in RUNS.values() for name in set(run.get("expect_failures", [])))


@every_variable
def test_input_is_typed_described_and_given_in_a_run(variable):
    assert "any" not in VARIABLES[variable]["type"]
    assert VARIABLES[variable]["description"]
    # tests/terraform/test_settings_file.py and tests/proof/test_permissions.py turn over the toggles of the settings.
    assert variable in TOGGLES or any(variable in given(run) for run in RUNS.values())


@every_variable
def test_input_for_which_null_means_nothing_is_not_nullable(variable):
    null_by_default = VARIABLES[variable].get("default", "") is None
    # For a schedule null means never, which is not the default.
    null_means_something = null_by_default or variable == "event_history_schedule"
    assert null_means_something != (VARIABLES[variable].get("nullable") is False)


@every_variable
def test_each_validation_refuses_in_a_run(variable):
    assert REFUSALS[f"var.{variable}"] >= len(VARIABLES[variable].get("validation", []))


@every_variable
def test_input_of_few_values_or_a_range_is_validated(variable):
    kind = expression(VARIABLES[variable]["type"])
    number_or_form = kind in {"number", "string", "set(string)", "list(string)"} or kind.startswith("object(")
    assert not number_or_form or "validation" in VARIABLES[variable]


@pytest.mark.parametrize(
    ("address", "preconditions"),
    [
        (address, found)
        for address, body in [*RESOURCES.items(), *((f"output.{name}", body) for name, body in OUTPUTS.items())]
        if (found := sum(len(holder.get("precondition", [])) for holder in body.get("lifecycle", [body])))
    ],
)
def test_each_precondition_refuses_in_a_run(address, preconditions):
    assert REFUSALS[address] >= preconditions


# Of the other, tests/terraform/test_input_messages.py makes the inputs from the settings.
@pytest.mark.parametrize("check", sorted(CHECKS.keys() - {"some_settings_are_copied"}))
def test_each_assertion_of_a_check_warns_in_a_run(check):
    assert REFUSALS[f"check.{check}"] >= len(CHECKS[check]["assert"])


@pytest.mark.parametrize("name", sorted(WINDOWS))
def test_window_ends_with_the_earliest_last_look_of_the_functions_own_backoff(name, monkeypatch):
    run, window = WINDOWS[name]
    monkeypatch.setattr(attempts, "defaults", lambda: defaults() | given(run))
    assert attempts.schedule(attempts.shortest)[-1].seconds == window


def test_window_is_looked_at_with_the_defaults_and_others():
    assert WINDOWS.keys() > {"defaults", "window_of_one_attempt"}


def test_everything_is_looked_at_when_nothing_is_created():
    (run,) = (run for run in read(REPOSITORY / "tests" / "inputs.tftest.hcl") if run.labels == ("nothing",))
    listed = {name.to_hcl() for names in run.tree.find_all(TupleRule) for name in names.elements}
    data = {f"data.{address}" for address in bodies("data", MODULE)}
    assert RESOURCES.keys() | data | {f"output.{name}" for name in OUTPUTS} <= listed
