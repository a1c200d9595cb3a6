"""Properties of every setting's plan(), whatever the setting: a new one is tested as soon as it has a model."""

import copy
import dataclasses
import functools
import json
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from table_sync.settings import SETTINGS
from table_sync.settings.setting import Obstacle
from tests import settings as tested
from tests.settings import SOURCE, TARGET, module_of
from tests.support.setting_tests import changes

every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)


@functools.cache
def values_of(setting, table):
    """Return a setting's strategy for a table: Hypothesis checks each strategy that is new to it."""
    return module_of(setting).values(table)


def obstacles(steps):
    return [step for step in steps if isinstance(step, Obstacle)]


def reached(model, target, steps):
    """Return what AWS makes of the target by the changes among the steps."""
    return functools.reduce(model.written, changes(steps), target)


def reordered(value, random):
    """Return the value with everything in it in another order that AWS could answer in."""
    if isinstance(value, dict):
        items = [(key, reordered(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return type(value)(items)
    if isinstance(value, tuple):
        return tuple(random.sample(value, len(value)))
    if dataclasses.is_dataclass(value):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: reordered(item, random) for name, item in fields.items()})
    return value


def as_text(step):
    return json.dumps(dataclasses.asdict(step), sort_keys=True, default=str)


@functools.cache
def parameters_of(setting, operation):
    """Return the shape of an operation's parameters."""
    services = (action.partition(":")[0] for action in setting.WRITE_ACTIONS if action.endswith(f":{operation}"))
    return botocore.session.get_session().get_service_model(next(services)).operation_model(operation).input_shape


def invalid(setting, operation, parameters):
    """Return what botocore would refuse in parameters, those aside that are missing."""
    report = ParamValidator().validate(parameters, parameters_of(setting, operation)).generate_report()
    return [line for line in report.splitlines() if not line.startswith("Missing required parameter")]


def test_every_setting_has_a_module_in_the_tests_and_every_module_a_setting(figures):
    names = {path.stem for path in Path(tested.__file__).parent.glob("*.py")} - {"__init__"}
    assert names == {setting.NAME for setting in SETTINGS}
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    properties = [test for test in tests if hypothesis.is_hypothesis_test(test)]
    examples = len(SETTINGS) * len(properties) * hypothesis.settings.default.max_examples
    figures("properties of plan()", settings=len(SETTINGS), properties=len(properties), examples=examples)


@every_setting
@given(data=st.data())
def test_nothing_is_planned_for_what_is_the_same(setting, data):
    source = data.draw(values_of(setting, SOURCE))
    assert setting.plan(source, source) == []


@every_setting
@given(data=st.data())
def test_a_restored_table_gets_all_that_the_source_has(setting, data):
    model = module_of(setting)
    source = data.draw(values_of(setting, SOURCE))
    steps = setting.plan(source, model.RESTORED)
    assert obstacles(steps) == []
    assert model.content(reached(model, model.RESTORED, steps)) == model.content(source)
    assert bool(source) or steps == []


@every_setting
@given(data=st.data())
def test_a_target_gets_what_it_lacks_and_keeps_what_only_it_has(setting, data):
    model = module_of(setting)
    source, target = data.draw(values_of(setting, SOURCE)), data.draw(values_of(setting, TARGET))
    steps = setting.plan(source, target)
    after = reached(model, target, steps)
    wanted, before, now = model.content(source), model.content(target), model.content(after)
    assert changes(setting.plan(source, after)) == []
    for part, content in (before | wanted).items():
        # What is in the way of a part leaves it as it was.
        assert now.get(part) == content or (obstacles(steps) and now.get(part) == before.get(part))
    assert now.keys() <= before.keys() | wanted.keys()
    if before | wanted == before:
        assert steps == []


@every_setting
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_the_order_in_which_aws_answers_makes_no_difference(setting, data, random):
    source, target = data.draw(values_of(setting, SOURCE)), data.draw(values_of(setting, TARGET))
    again = setting.plan(reordered(source, random), reordered(target, random))
    assert sorted(map(as_text, again)) == sorted(map(as_text, setting.plan(source, target)))


@every_setting
@given(data=st.data())
def test_a_plan_neither_names_the_source_nor_changes_what_it_is_given(setting, data):
    source, target = data.draw(values_of(setting, SOURCE)), data.draw(values_of(setting, TARGET))
    given_source, given_target = copy.deepcopy(source), copy.deepcopy(target)
    steps = setting.plan(source, target)
    assert (source, target) == (given_source, given_target)
    assert [change for change in changes(steps) if SOURCE in as_text(change)] == []


@every_setting
@given(data=st.data())
def test_what_the_target_has_is_shown_as_the_parameters_that_a_write_would_replace(setting, data):
    source, target = data.draw(values_of(setting, SOURCE)), data.draw(values_of(setting, TARGET))
    for change in changes(setting.plan(source, target)):
        assert invalid(setting, change.operation, change.parameters) == []
        assert invalid(setting, change.operation, change.present or {}) == []
        assert change.present is None or any(
            value != change.parameters.get(name) for name, value in change.present.items()
        )
