import pytest

from table_sync.command_line.import_blocks import _TABLE_ADDRESS, _import, _label, _prefix, is_table_address


@pytest.mark.parametrize(
    "address",
    [
        "aws_dynamodb_table.orders",
        "aws_dynamodb_table.Orders-2",
        "aws_dynamodb_table.orders[0]",
        'aws_dynamodb_table.orders["eu"]',
        "module.orders.aws_dynamodb_table.this",
        'module.orders["a.b"].module.table[12].aws_dynamodb_table.this[0]',
    ],
)
def test_addresses_of_tables(address):
    assert is_table_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "orders",
        "aws_dynamodb_table",
        "aws_dynamodb_table.1st",
        "aws_dynamodb_table.-a",
        "aws_dynamodb_table.a b",
        "aws_dynamodb_table.a\n",
        "aws_dynamodb_table.orders.arn",
        "aws_dynamodb_table.orders[*]",
        'aws_dynamodb_table.orders["${x}"]',
        "data.aws_dynamodb_table.orders",
        "aws_dynamodb_table_item.orders",
        "module.aws_dynamodb_table.orders",
    ],
)
def test_what_is_not_the_address_of_a_table(address):
    assert not is_table_address(address)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("orders", "orders"),
        ("Orders-Restored.v2", "orders_restored_v2"),
        ("2026-orders", "table_2026_orders"),
        ("...", "table"),
        ("---", "table"),
        ("_a_", "a"),
    ],
)
def test_labels_are_identifiers(name, label):
    assert _label(name) == label


def test_nothing_in_an_id_is_interpolated_or_ends_the_string():
    block = _import("aws_cloudwatch_metric_alarm.a", 'a "${b}" %{c}\\ \u00fc')
    assert r'id = "a \"$${b}\" %%{c}\\ ü"' in block


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("aws_dynamodb_table.Orders-2", "Orders-2"),
        ("aws_dynamodb_table._orders", "_orders"),
        ("aws_dynamodb_table.orders[0]", "orders_0"),
        ('aws_dynamodb_table.tables["eu-west-1"]', "tables_eu_west_1"),
        ("module.orders.aws_dynamodb_table.this", "orders_this"),
        ("module._9.aws_dynamodb_table.this", "table_9_this"),
        (
            'module.orders["a.module.b"].module.table[12].aws_dynamodb_table.this[0]',
            "orders_a_module_b_table_12_this_0",
        ),
    ],
)
def test_what_is_attached_is_named_after_modules_and_keys(address, prefix):
    assert _prefix(_TABLE_ADDRESS.fullmatch(address)) == prefix
