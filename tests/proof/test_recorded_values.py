"""What a record holds of every setting, whatever the setting: a new one is tested as soon as a source table has it."""

import copy
import functools
import json
import operator
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType

import pytest

from table_sync import aws as function_clients
from table_sync.aws import Table
from table_sync.errors import FinalError
from table_sync.records.record import dumps, loads
from table_sync.records.snapshot import snapshot
from table_sync.settings import SETTINGS, complete, read, triggers
from table_sync.settings.api_shape import InvalidValueError
from tests.proof.account import ON_DEMAND, SOURCE, Account
from tests.support.outdated_boto3 import NEWER_FIELDS, take_away
from tests.support.tables import FILTER, make_table, restore, wait_until_active

EMPTY, RESTORED = "empty", "orders-restored"
ACCOUNT = "123456789012"
# Written once, by the first version that wrote records. It never changes, and every later version can use it.
FIRST_FORMAT = Path(__file__).with_name("record-of-the-first-format.json")

OTHERS = [
    *(None, True, 0, -1, 10**30, 1.5, float("nan"), "", "x", "\ud800", "at(x)", "[]", '{"Statement":[1]}', [], {}),
    *([None], [1], ["x"], {"x": "x"}, [{}], {"Key": []}, [[]], {"Statement": {"Effect": 1}}),
]

REMOVED = object()

every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.NAME)


@pytest.fixture(scope="module")
def account():
    """Return an account with the sources, a table without settings, and one that was just restored."""
    patch = pytest.MonkeyPatch()
    with Account() as account:
        for name, value in account.aws.environment().items():
            patch.setenv(name, value)
        function_clients.start_session()
        make_table(account.aws, EMPTY, indexes=(), items=0)
        recovery = {"PointInTimeRecoveryEnabled": False}
        account.aws.client("dynamodb").update_continuous_backups(
            TableName=EMPTY, PointInTimeRecoverySpecification=recovery
        )
        restore(account.aws, SOURCE, RESTORED)
        wait_until_active(account.aws, RESTORED)
        yield account
        patch.undo()
        function_clients.start_session()


@pytest.fixture(scope="module")
def values(account):
    """Return by setting its source table, the value of that, and what the restored table has."""
    sources = {setting.NAME: described(account, source_of(setting)) for setting in SETTINGS}
    restored = described(account, RESTORED)
    return {
        setting.NAME: (sources[setting.NAME], setting.fetch(sources[setting.NAME]), read(setting, restored))
        for setting in SETTINGS
    }


def source_of(setting):
    """Return the name of the table that has the setting."""
    return ON_DEMAND if setting.NAME == "on_demand_throughput" else SOURCE


def described(account, name):
    table = Table(f"arn:aws:dynamodb:eu-west-1:{account.aws.account}:table/{name}")
    table.describe()
    return table


def recorded(account, name, previous=None):
    return snapshot(described(account, name), previous)


@every_setting
@pytest.mark.parametrize("name", [SOURCE, ON_DEMAND, EMPTY, RESTORED])
def test_a_value_is_the_same_after_it_was_json(account, name, setting):
    table = described(account, name)
    value = setting.fetch(table)
    again = setting.parse(json.loads(json.dumps(value)), table)
    assert again == setting.parse(value, table)
    assert complete(setting, again, table, table.region) == read(setting, table)


@every_setting
def test_a_table_without_the_setting_has_null(account, setting):
    table = described(account, EMPTY)
    assert setting.fetch(table) is None
    assert not setting.parse(None, table)


@every_setting
def test_a_source_has_a_value_that_two_reads_agree_on(account, setting):
    name = source_of(setting)
    first = setting.fetch(described(account, name))
    account.aws.clock.advance(600)
    assert first is not None
    assert setting.fetch(described(account, name)) == first


@every_setting
def test_a_value_that_was_tampered_with_is_used_or_refused_and_never_anything_else(values, setting):
    table, value, restored = values[setting.NAME]
    planned_or_refused = Counter(type(planned(setting, found, table, restored)) for found in tampered(value))
    assert planned_or_refused.keys() == {str, list}


@pytest.mark.parametrize("verb", ["fetch", "parse"])
@pytest.mark.parametrize("name", NEWER_FIELDS)
def test_a_field_that_boto3_does_not_know_is_refused_and_not_left_out(values, monkeypatch, name, verb):
    setting = next(setting for setting in SETTINGS if name == setting.NAME)
    table, value, _ = values[name]
    service, shape, field = NEWER_FIELDS[name]
    take_away(monkeypatch, service, shape, field)
    with pytest.raises(FinalError, match=f"too old to read {field} of {shape}"):
        {"fetch": lambda: setting.fetch(table), "parse": lambda: setting.parse(value, table)}[verb]()


def planned(setting, value, table, restored):
    """Return what is planned by a value, or why it is refused."""
    try:
        parsed = setting.parse(value, table)
    except InvalidValueError as refusal:
        return str(refusal)
    return setting.plan(parsed, restored)


def tampered(value):
    """Yield the value with something else in the place of each of its parts, and without it."""
    whole = {"value": value}
    for path in paths(whole):
        for other in (REMOVED, *OTHERS):
            changed = copy.deepcopy(whole)
            node = functools.reduce(operator.getitem, path[:-1], changed)
            if other is REMOVED:
                del node[path[-1]]
            else:
                node[path[-1]] = other
            # Nothing else passes loads().
            if isinstance(changed.get("value"), (dict, NoneType)):
                yield changed.get("value")


def paths(node):
    """Yield the keys and numbers that lead to each part."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield (key,)
        if isinstance(node[key], (dict, list)):
            yield from ((key, *path) for path in paths(node[key]))


def test_no_record_has_a_filter_that_is_encrypted(account):
    record = recorded(account, SOURCE)
    mappings = record.settings["triggers"]["EventSourceMappings"]
    (encrypted,) = (mapping for mapping in mappings if "KMSKeyArn" in mapping)
    assert "FilterCriteria" not in encrypted
    # One that is not encrypted is there, so that the last line would find it.
    pattern = FILTER["Filters"][0]["Pattern"]
    assert json.dumps(pattern).encode() in dumps(record)
    without = copy.deepcopy(record.settings)
    without["triggers"]["EventSourceMappings"] = [encrypted]
    assert json.dumps(pattern) not in json.dumps(without)


def test_a_filter_that_is_encrypted_is_read_from_the_mapping_as_long_as_it_is_there(account):
    table = described(account, SOURCE)
    recorded_mappings = triggers.parse(triggers.fetch(table), table)
    ((function, mapping),) = (
        (function, mapping) for function, mapping in recorded_mappings.items() if "KMSKeyArn" in mapping.parameters
    )
    assert "FilterCriteria" not in mapping.parameters
    gone = Table(table.arn, {"TableStatus": "DELETED"})
    assert complete(triggers, {function: mapping}, gone, "eu-west-1")[function].parameters["FilterCriteria"] == FILTER


def test_a_record_is_read_as_it_was_written(account):
    record = recorded(account, SOURCE)
    assert loads(dumps(record), record.key) == record
    assert record.unreadable == {}
    assert record.settings.keys() == {setting.NAME for setting in SETTINGS}


def test_what_cannot_be_read_keeps_its_last_value(account):
    record = recorded(account, SOURCE)
    faults = account.aws.faults
    faults.add("ListTagsOfResource", "AccessDeniedException", times=2)
    faults.add("GetResourcePolicy", "UnknownOperationException", times=2)
    later = recorded(account, SOURCE, record)
    assert later.settings["tags"] == record.settings["tags"]
    assert later.unreadable == {"tags": "ListTagsOfResource: AccessDeniedException"}
    assert later.settings["resource_policy"] is None
    assert "tags" not in recorded(account, SOURCE).settings
    faults.clear()


def test_a_read_that_is_throttled_is_no_reason_to_record_less(account):
    account.aws.faults.add("DescribeTimeToLive", "ThrottlingException", times=2)
    with pytest.raises(Exception, match="ThrottlingException"):
        recorded(account, SOURCE)
    account.aws.faults.clear()


def first_format():
    return loads(FIRST_FORMAT.read_bytes())


@pytest.mark.parametrize("name", first_format().settings)
def test_a_record_of_the_first_format_stays_usable(name):
    record = first_format()
    (setting,) = (setting for setting in SETTINGS if name == setting.NAME)
    assert (record.table, record.table_id) == (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders", "first-format")
    assert record.created_at == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    table = Table(record.table, {"TableStatus": "DELETED"})
    assert setting.parse(record.settings[name], table)
