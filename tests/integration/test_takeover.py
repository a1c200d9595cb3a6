"""`table-sync takeover`: the addresses of the old table's resources in a state, bound to the restored table's."""

import io
import json
import sys
import time

import pytest

from table_sync.command_line import cli
from tests.integration.test_cli import imports_in
from tests.support.tables import make_source, restore, wait_until_active

ACCOUNT = "123456789012"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
STREAM = f"{TABLE}/stream/2026-01-01T00:00:00.000"
CHANGES = f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/changes"
READS, WRITES = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"


def resource(address, **values):
    kind = address.rsplit(".", 1)[0].rsplit(".", 1)[-1].split("[")[0]
    return {"mode": "managed", "address": address, "type": kind, "values": values}


def state(resources, *modules):
    """Return what `terraform show -json` prints."""
    root = {"resources": list(resources), "child_modules": [{"address": a, "resources": r} for a, r in modules]}
    return json.dumps({"format_version": "1.0", "terraform_version": "1.5.7", "values": {"root_module": root}})


def orders(module=""):
    return [
        resource(f"{module}aws_dynamodb_table.this[0]", name="orders", arn=TABLE, id="orders"),
        resource(
            f"{module}aws_appautoscaling_target.this[0]",
            resource_id="table/orders",
            scalable_dimension=READS,
            id="table/orders",
        ),
        resource(
            f'{module}aws_appautoscaling_policy.this["read"]',
            resource_id="table/orders",
            scalable_dimension=READS,
            name="DynamoDBReadCapacityUtilization:table/orders",
            id="DynamoDBReadCapacityUtilization:table/orders",
        ),
        resource(
            f"{module}aws_appautoscaling_scheduled_action.sale",
            resource_id="table/orders",
            scalable_dimension=READS,
            name="sale",
            id="sale",
        ),
        resource(
            f"{module}aws_dynamodb_kinesis_streaming_destination.this",
            table_name="orders",
            stream_arn=CHANGES,
            id=f"orders,{CHANGES}",
        ),
        resource(
            f"{module}aws_lambda_event_source_mapping.audit",
            event_source_arn=STREAM,
            function_arn=f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders-audit",
            id="of the old stream",
        ),
        resource(f"{module}aws_dynamodb_tag.env", resource_arn=TABLE, key="env", id=f"{TABLE},env"),
        resource(f"{module}aws_dynamodb_table_item.first", table_name="orders", id="orders|id||1|"),
        resource(f"{module}aws_sqs_queue.other", name="orders", id="orders"),
    ]


@pytest.fixture
def run(aws, monkeypatch, capsys):
    monkeypatch.setattr(time, "sleep", aws.clock.sleep)
    monkeypatch.setattr(time, "monotonic", aws.clock.now)

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = cli.main(arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def synced(aws, run):
    make_source(aws)
    restore(aws, "orders", "orders-restored")
    wait_until_active(aws, "orders-restored")
    aws.clock.advance(10)
    assert run("sync", "orders", "orders-restored", "--yes")[0] == 0
    aws.clock.advance(4000)


def mapping(aws, table, function):
    stream = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    mappings = aws.client("lambda").list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    (uuid,) = [m["UUID"] for m in mappings if m["FunctionArn"].endswith(f":function:{function}")]
    return uuid


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("module", ["", "module.orders.", 'module.tables["orders"].module.table[0].'])
def test_the_same_addresses_are_bound_to_the_restored_table(aws, run, tmp_path, module):
    given = state(orders(module)) if not module else state([], (module.rstrip("."), orders(module)))
    files = ("--forget", str(tmp_path / "forget.sh"), "--scheduled-actions", str(tmp_path / "scheduled_actions.tf"))
    code, out, err = run("takeover", "orders", "orders-restored", *files, stdin=given)
    assert code == 0
    blocks = dict(imports_in(out))
    bound = {
        f"{module}aws_dynamodb_table.this[0]": "orders-restored",
        f"{module}aws_appautoscaling_target.this[0]": f"dynamodb/table/orders-restored/{READS}",
        f'{module}aws_appautoscaling_policy.this["read"]': f"dynamodb/table/orders-restored/{READS}/"
        "DynamoDBReadCapacityUtilization:table/orders-restored",
        f"{module}aws_dynamodb_kinesis_streaming_destination.this": f"orders-restored,{CHANGES}",
        f"{module}aws_lambda_event_source_mapping.audit": mapping(aws, "orders-restored", "orders-audit"),
        f"{module}aws_dynamodb_tag.env": f"{TABLE}-restored,env",
    }
    assert bound.items() <= blocks.items()
    # What the state lacks gets addresses in the root module.
    others = {identity for address, identity in blocks.items() if address not in bound}
    assert f"dynamodb/table/orders-restored/{WRITES}" in others
    assert mapping(aws, "orders-restored", "orders-index:live") in others
    assert all(not address.startswith("module.") for address in blocks if address not in bound)
    forgotten = (tmp_path / "forget.sh").read_text()
    assert forgotten.startswith("terraform state rm")
    for address in (*bound, f"{module}aws_appautoscaling_scheduled_action.sale"):
        assert address in forgotten
    assert "aws_sqs_queue" not in forgotten + out
    # The state has the sale, and no block for the other scheduled action.
    assert '"sale"' not in (tmp_path / "scheduled_actions.tf").read_text()
    assert '"before-work"' in (tmp_path / "scheduled_actions.tf").read_text()
    assert f"{module}aws_dynamodb_table_item.first" in err


@pytest.mark.usefixtures("synced")
def test_without_files_the_command_is_printed_beside_the_blocks(run):
    _, out, err = run("takeover", "orders", "orders-restored", stdin=state(orders()))
    assert "terraform state rm" in err
    assert "'aws_dynamodb_table.this[0]'" in err
    assert "terraform state rm" not in out


def test_a_table_restored_under_its_own_name_keeps_what_has_the_name(aws, run):
    make_source(aws)
    wait_until_active(aws, "orders")
    code, out, err = run("takeover", "orders", "orders", stdin=state(orders()))
    assert code == 0
    blocks = dict(imports_in(out))
    known = {resource["address"] for resource in orders()}
    assert {address for address in blocks if address in known} == {"aws_lambda_event_source_mapping.audit"}
    assert blocks["aws_lambda_event_source_mapping.audit"] == mapping(aws, "orders", "orders-audit")
    assert "aws_lambda_event_source_mapping.audit" in err
    assert "aws_appautoscaling_target.this[0]" not in err


@pytest.mark.usefixtures("synced")
def test_what_the_restored_table_lacks_is_named(aws, run):
    uuid = mapping(aws, "orders-restored", "orders-audit")
    aws.client("lambda").delete_event_source_mapping(UUID=uuid)
    aws.clock.advance(60)
    _, out, err = run("takeover", "orders", "orders-restored", stdin=state(orders()))
    assert "aws_lambda_event_source_mapping.audit has no counterpart on orders-restored" in err
    assert "aws_lambda_event_source_mapping.audit" not in out


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        (state([]), "The state has no aws_dynamodb_table orders in eu-west-1"),
        (state([*orders(), *orders("module.again.")]), "The state has table orders twice"),
        ("not JSON", "Standard input is not a Terraform state in JSON: pipe in terraform show -json."),
    ],
)
def test_a_state_that_will_not_do_is_refused_in_a_sentence(run, given, words):
    code, out, err = run("takeover", "orders", "orders-restored", stdin=given)
    assert (code, out) == (1, "")
    assert err.startswith(words)
    assert len(err.splitlines()) == 1
