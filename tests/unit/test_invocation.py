"""Invocations by hand: what they may ask for, and that nothing else is taken for it."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync.aws import Location, Table
from table_sync.handler import lambda_handler
from table_sync.invocation import Invocation, InvocationRefusedError, parse
from table_sync.settings import SETTINGS
from tests.support.restore_events import ACCOUNT, REGION, arn

OWN = Location("aws", REGION, ACCOUNT)
ALL = frozenset(setting.NAME for setting in SETTINGS)
TABLES = {"source_table": "orders", "target_table": "orders-restored"}


def read(**keys):
    return parse(TABLES | keys, OWN, ALL, "records")


def test_names_are_of_tables_beside_the_function():
    assert read() == Invocation(
        Table(arn("orders")),
        Table(arn("orders-restored")),
        dry_run=False,
        selected=None,
        allow_younger_source=False,
        record="",
        version_id="",
    )


def test_every_key_is_read():
    key = f"settings/v1/{ACCOUNT}/us-east-1/orders/id-1.json"
    asked = read(
        source_table=arn("orders", "us-east-1"),
        dry_run=True,
        only=["tags"],
        allow_younger_source=True,
        record=key,
        version_id="v1",
    )
    assert asked == Invocation(
        Table(arn("orders", "us-east-1")),
        Table(arn("orders-restored")),
        dry_run=True,
        selected=frozenset({"tags"}),
        allow_younger_source=True,
        record=key,
        version_id="v1",
    )


KEY = f"settings/v1/{ACCOUNT}/{REGION}/orders/id-1.json"


def test_another_accounts_source_needs_a_bucket_which_may_have_its_record():
    theirs = arn("orders").replace(ACCOUNT, "999999999999")
    with pytest.raises(InvocationRefusedError, match="source_table is in another account"):
        parse(TABLES | {"source_table": theirs}, OWN, ALL)
    asked = parse(TABLES | {"source_table": theirs}, OWN, ALL, "records")
    assert (asked.source.account, asked.target.account) == ("999999999999", ACCOUNT)
    with pytest.raises(InvocationRefusedError, match="source_table is in another account or partition"):
        parse(TABLES | {"source_table": theirs.replace("arn:aws:", "arn:aws-cn:")}, OWN, ALL, "records")
    with pytest.raises(InvocationRefusedError, match="target_table is in another account"):
        parse(TABLES | {"target_table": theirs}, OWN, ALL, "records")


def test_a_record_needs_a_bucket():
    with pytest.raises(InvocationRefusedError, match="there is no bucket: set enable_records to true"):
        parse(TABLES | {"record": KEY}, OWN, ALL)


REFUSED = [
    ({"dryrun": True}, "There is no key 'dryrun': choose from source_table, target_table, dry_run, only, allow_"),
    ({"dry-run": True}, "There is no key 'dry-run'"),
    ({"record": "settings/v1/x.json"}, "record is 'settings/v1/x.json': give the key of a record of source_table, set"),
    ({"record": KEY.replace("/orders/", "/payments/")}, "record is 'settings/v1/"),
    ({"record": KEY.replace(ACCOUNT, "999999999999")}, "record is 'settings/v1/9"),
    ({"record": KEY.replace("id-1", "../id-1")}, "record is 'settings/v1/"),
    ({"record": None}, "record is None"),
    ({"record": {}}, "record is {}"),
    ({"version_id": "1"}, "version_id needs record"),
    ({"record": KEY, "version_id": ""}, "version_id is ''"),
    ({"record": KEY, "version_id": 1}, "version_id is 1"),
    ({"record": KEY, "version_id": "x" * 1025}, "version_id is 'xxx"),
    ({"Records": []}, "There is no key 'Records'"),
    ({"dry_run": "false"}, "dry_run is 'false': give true or false"),
    ({"dry_run": 0}, "dry_run is 0"),
    ({"dry_run": None}, "dry_run is None"),
    ({"allow_younger_source": 1}, "allow_younger_source is 1"),
    ({"only": "tags"}, "only is 'tags': give a list"),
    ({"only": None}, "only is None"),
    ({"only": []}, "There is no setting ''"),
    ({"only": ["tags", "tll"]}, "There is no setting 'tll'"),
    ({"only": [["tags"]]}, "There is no setting ['tags']"),
    ({"only": [{}]}, "There is no setting {}"),
    ({"only": ["triggers"]}, "triggers needs stream: add stream to only."),
    ({"source_table": None}, "source_table is None: give the name or the ARN of a table."),
    ({"target_table": ["orders"]}, "target_table is ['orders']"),
    ({"source_table": "arn:aws:s3:::bucket"}, "source_table is 'arn:aws:s3:::bucket'"),
    ({"target_table": arn("orders").replace(ACCOUNT, "999999999999")}, "target_table is in another account"),
    ({"source_table": arn("orders").replace("arn:aws:", "arn:aws-cn:")}, "source_table is in another account or part"),
    (
        {"target_table": arn("orders", "us-east-1")},
        "target_table is in us-east-1, but this function only writes in eu-",
    ),
]


@pytest.mark.parametrize(("keys", "reason"), REFUSED, ids=str)
def test_what_cannot_be_meant_is_refused_with_the_reason(keys, reason):
    with pytest.raises(InvocationRefusedError) as refusal:
        read(**keys)
    assert str(refusal.value).startswith(reason)
    assert str(refusal.value).endswith(".")


def test_a_setting_that_is_off_cannot_be_asked_for():
    """It would be skipped, and the table reported as in sync."""
    with pytest.raises(
        InvocationRefusedError, match=r"only has ttl, but enable_ttl_settings is false: set it to true\."
    ):
        parse(TABLES | {"only": ["tags", "ttl"]}, OWN, ALL - {"ttl"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("Records"), inner, max_size=3),
    max_leaves=6,
)
CONTEXT = SimpleNamespace(
    invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:table-sync",
    get_remaining_time_in_millis=lambda: 120_000,
)
BAD_RECORDS = [
    {"Records": []},
    {"Records": None},
    {"Records": {}},
    {"Records": "x"},
    {"Records": [None]},
    {"Records": [{}]},
    {"Records": [{"messageId": "1", "receiptHandle": "2", "body": "", "awsRegion": REGION}]},
    {"Records": [{"messageId": "1", "receiptHandle": "2", "body": None, "awsRegion": REGION, "attributes": {}}]},
    {"Records": [{"s3": {"object": {"key": "x"}}}]},
]


def assert_refused(payload):
    report = lambda_handler(payload, CONTEXT)
    json.dumps(report)
    assert report["outcome"] == "failed"
    assert report["reason"].endswith(".")
    assert {setting["status"] for setting in report["settings"].values()} == {"failed"}
    assert report["not_copied"] == []


@pytest.mark.parametrize("payload", [None, [], ["orders"], "orders", 7, 1.5, True, {}, *BAD_RECORDS], ids=str)
def test_a_payload_that_is_neither_is_answered_with_a_report(payload):
    assert_refused(payload)


@given(JSON)
def test_no_payload_makes_the_function_fail(payload):
    assert_refused(payload)
