"""docs/back-into-terraform.md, command by command, with Terraform and the AWS provider against the embedded AWS."""

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.terraform_files import expression, read
from tests.settings import auto_scaling, kinesis, triggers
from tests.support import aws_cli
from tests.support.attachments import attach
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import (
    INDEXES,
    RECOVERY_PERIOD_IN_DAYS,
    TAGS,
    TTL_ATTRIBUTE,
    make_function,
    settings_of,
    wait_until_active,
)
from tests.support.terraform import GO, REPOSITORY, Terraform, TerraformUnavailable, find_terraform

GUIDE = (REPOSITORY / "docs/back-into-terraform.md").read_text()
AN_HOUR_AND_MORE = 3700

PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {}
"""
TABLE = f"""
  hash_key         = "id"
  billing_mode     = "PROVISIONED"
  read_capacity    = 5
  write_capacity   = 5
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  tags             = {json.dumps(TAGS)}

  point_in_time_recovery {{
    enabled                 = true
    recovery_period_in_days = {RECOVERY_PERIOD_IN_DAYS}
  }}

  ttl {{
    enabled        = true
    attribute_name = "{TTL_ATTRIBUTE}"
  }}
""" + "".join(f'\n  attribute {{\n    name = "{name}"\n    type = "S"\n  }}\n' for name in ("id", *INDEXES))
INDEX_BLOCKS = "".join(
    f"""
  global_secondary_index {{
    name            = "{name}"
    hash_key        = "{name}"
    projection_type = "ALL"
    read_capacity   = 5
    write_capacity  = 5
  }}
"""
    for name in INDEXES
)
SCALING = """
resource "aws_appautoscaling_target" "read" {
  count              = 1
  service_namespace  = "dynamodb"
  resource_id        = "table/${aws_dynamodb_table.this[0].name}"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  min_capacity       = 5
  max_capacity       = 100
}

resource "aws_appautoscaling_scheduled_action" "work" {
  count              = 1
  name               = "work"
  service_namespace  = "dynamodb"
  resource_id        = aws_appautoscaling_target.read[0].resource_id
  scalable_dimension = aws_appautoscaling_target.read[0].scalable_dimension
  schedule           = "cron(0 6 ? * MON-FRI *)"

  scalable_target_action {
    min_capacity = 20
  }
}
"""


def commands_of(heading):
    """Return the console blocks of a section."""
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```console\n(.*?)```", section, re.DOTALL)


RESTORE = commands_of("1. Restore")
SYNC = commands_of("2. Sync")
(EDIT,) = commands_of("3. Edit one name")
TAKE_OVER = commands_of("4. Take over")
PLAN, CHECK, APPLY, AGAIN = commands_of("5. Check and apply")
RETIRE = commands_of("7. Retire the old table")
(IMPORT,) = commands_of("A table in no state")
GENERATE, REPAIR = commands_of("Generated configuration")
# What Terraform generates and the provider refuses: the third column of the table of generated configuration.
ROUGH_EDGES = [row.split(" | ")[2].strip("` |") for row in GUIDE.splitlines() if re.match(r"\| `.+` \| ", row)]


@pytest.fixture
def aws():
    with EmbeddedAWS(server=True) as embedded:
        yield embedded


class Desk:
    """A directory with a configuration, and a shell in it."""

    def __init__(self, aws, directory):
        self.aws = aws
        self.directory = directory
        self._exits = ExitStack()
        (directory / "main.tf").write_text(PROVIDER)
        self.terraform = Terraform(directory, env=aws.environment())
        programs = directory / "bin"
        programs.mkdir()
        aws_cli.install(programs)
        # What `pipx install` puts on PATH (tests/integration/test_installation.py).
        command = programs / "table-sync"
        command.write_text(
            f'#!/bin/bash\nPYTHONPATH="{REPOSITORY}/lambda_src" exec "{sys.executable}" -m table_sync "$@"\n'
        )
        command.chmod(0o755)
        path = [str(programs), str(Path(sys.executable).parent), str(find_terraform().parent), os.environ["PATH"]]
        self._environment = (
            GO
            | {
                "HOME": str(directory),
                "PATH": os.pathsep.join(path),
                "CHECKPOINT_DISABLE": "1",
                "TF_CLI_ARGS_plan": "-no-color -input=false",
                "TF_CLI_ARGS_apply": "-no-color -input=false",
            }
            | aws.environment()
        )

    def init(self):
        try:
            self.terraform.init()
        except TerraformUnavailable as unavailable:
            give_up(unavailable)
        self._environment |= self._exits.enter_context(self.terraform.one_provider())

    def leave(self):
        self._exits.close()

    def run(self, command, code=0):
        """Run a block of the guide; return what it wrote."""
        done = subprocess.run(  # noqa: S603 (commands of the guide)
            ["/bin/bash", "-euo", "pipefail", "-c", command],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}"
        return done.stdout


def planned(output):
    """Return what a plan that Terraform wrote does, by address, and the addresses that it imports."""
    assert not re.search(r"has moved to|moved from", output)
    found = re.findall(r"^  # (\S+).* (?:will|must) be (.+)\n(  # \(imported from)?", output, re.MULTILINE)
    actions = {address: action for address, action, _ in found if action != "imported"}
    return actions, {address for address, action, importing in found if action == "imported" or importing}


def give_up(unavailable):
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI is true, so a skip will not do. {unavailable}", pytrace=False)
    pytest.skip(f"It needs real Terraform. {unavailable}")


@pytest.fixture
def desk(aws, tmp_path):
    try:
        desk = Desk(aws, tmp_path)
    except TerraformUnavailable as unavailable:
        give_up(unavailable)
    yield desk
    desk.leave()


def restore(desk):
    """Restore the table, and let the time pass that AWS takes for it."""
    for command in RESTORE:
        desk.run(command)
    wait_until_active(desk.aws, "orders-restored")
    desk.aws.clock.advance(10)


def as_terraform_writes(settings):
    """Return settings with filters parsed, and scheduled actions with whole seconds and a time zone, UTC if none."""
    for trigger in settings["triggers"].values():
        for pattern in trigger.get("FilterCriteria", {}).get("Filters", []):
            pattern["Pattern"] = json.loads(pattern["Pattern"])
    described = [json.loads(re.sub(r"(:\d\d)\.\d+\+", r"\1+", entry)) for entry in settings["auto_scaling"]]
    return settings | {
        "auto_scaling": [{"Timezone": "UTC"} | entry if "Schedule" in entry else entry for entry in described]
    }


def make_on_demand_table(aws, name):
    """Make what differs most from the table of the guide."""
    schema = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    index = {
        "IndexName": "by_day",
        "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["at"]},
        "OnDemandThroughput": {"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 10},
    }
    local_index = {
        "IndexName": "local",
        "KeySchema": [schema[0], {"AttributeName": "day", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    aws.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("id", "at", "day")],
        GlobalSecondaryIndexes=[index],
        LocalSecondaryIndexes=[local_index],
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
    )
    wait_until_active(aws, name)


def own(desk, configuration, name="orders"):
    """Apply a configuration whose table has the name of a variable."""
    (desk.directory / "table_name.auto.tfvars").write_text(f'table_name = "{name}"\n')
    (desk.directory / "orders.tf").write_text(f'variable "table_name" {{}}\n\n{configuration}')
    desk.init()
    desk.terraform.apply()


def module(desk, *, count):
    """Write a module with a table, a scaling target and a scheduled action."""
    directory = desk.directory / "table"
    directory.mkdir()
    (directory / "main.tf").write_text(
        'variable "name" {}\n\nresource "aws_dynamodb_table" "this" {\n'
        f"  count            = 1\n  name             = var.name\n{TABLE}{INDEX_BLOCKS}}}\n{SCALING}"
    )
    return f'module "orders" {{\n  source = "./table"\n{count}  name   = var.table_name\n}}\n'


IN_ROOT = (
    'resource "aws_dynamodb_table" "this" {\n'
    f"  count            = 1\n  name             = var.table_name\n{TABLE}{INDEX_BLOCKS}}}\n{SCALING}"
)


def test_the_restored_table_takes_the_old_tables_place(aws, desk):
    # tests/integration/test_takeover.py has addresses of other modules, the next test those of the root module.
    prefix = 'module.orders["eu"].'
    own(desk, module(desk, count='  for_each = toset(["eu"])\n'))
    restore(desk)
    for command in SYNC:
        desk.run(command)
    before = {table: as_terraform_writes(settings_of(aws, table)) for table in ("orders", "orders-restored")}
    assert before["orders-restored"]["auto_scaling"]

    for command in (EDIT, *TAKE_OVER):
        desk.run(command)
    table, target = f"{prefix}aws_dynamodb_table.this[0]", f"{prefix}aws_appautoscaling_target.read[0]"
    created = {f"{prefix}aws_appautoscaling_scheduled_action.work[0]": "created"}
    assert planned(desk.run(PLAN)) == (created, {table, target})
    assert "destroys, replaces and changes nothing (2 to import, 1 to create)" in desk.run(CHECK)
    desk.run(APPLY)
    assert {table: as_terraform_writes(settings_of(aws, table)) for table in before} == before

    backup, describe, delete, leftovers = RETIRE[:4]
    desk.run(backup)
    assert '"orders"' in desk.run(describe)
    desk.run(delete)
    desk.run(leftovers)
    aws.clock.advance(60)  # the table is DELETING for a while
    dynamodb = aws.client("dynamodb")
    assert dynamodb.list_tables()["TableNames"] == ["orders-restored"]
    assert [backup["TableName"] for backup in dynamodb.list_backups()["BackupSummaries"]] == ["orders"]
    assert as_terraform_writes(settings_of(aws, "orders-restored")) == before["orders-restored"]
    desk.run(AGAIN)


def test_a_table_restored_under_its_own_name(aws, desk):
    mapping = """
resource "aws_lambda_event_source_mapping" "audit" {
  event_source_arn  = aws_dynamodb_table.this[0].stream_arn
  function_name     = "orders-audit"
  starting_position = "LATEST"
}
"""
    make_function(aws, "orders-audit")
    own(desk, IN_ROOT + mapping)
    dynamodb = aws.client("dynamodb")
    backup = dynamodb.create_backup(TableName="orders", BackupName="last")["BackupDetails"]["BackupArn"]
    # The settings come back from a table like it: the source is gone when the table is restored under its own name.
    dynamodb.restore_table_from_backup(TargetTableName="orders-as-it-was", BackupArn=backup)
    wait_until_active(aws, "orders-as-it-was")
    aws.clock.advance(10)
    desk.run("table-sync sync orders orders-as-it-was --yes")
    dynamodb.delete_table(TableName="orders")
    aws.clock.advance(60)
    dynamodb.restore_table_from_backup(TargetTableName="orders", BackupArn=backup)
    wait_until_active(aws, "orders")
    aws.clock.advance(10)
    desk.run("table-sync sync orders-as-it-was orders --yes")
    aws.clock.advance(AN_HOUR_AND_MORE)

    take_over, forget = TAKE_OVER
    desk.run(take_over.replace("orders-restored", "orders"))
    desk.run(forget)
    assert planned(desk.run(PLAN)) == ({}, {"aws_lambda_event_source_mapping.audit"})
    desk.run(CHECK)
    desk.run(APPLY)
    desk.run(AGAIN)


def test_a_table_that_no_state_knows(aws, desk):
    own(desk, f'resource "aws_dynamodb_table" "orders" {{\n  name = var.table_name\n{TABLE}{INDEX_BLOCKS}}}\n')
    aws.delays.ttl = 3600  # the longest that the API reference gives
    for setting in (kinesis, triggers, auto_scaling):
        setting.give(aws, "orders")
    restore(desk)
    sync, diff = SYNC
    desk.run(sync)
    assert "orders-restored has the settings of orders." in desk.run(diff)
    attach(aws, "orders-restored")
    make_on_demand_table(aws, "ledger")

    assert "TTL is still ENABLING" in desk.run(IMPORT)
    aws.clock.advance(AN_HOUR_AND_MORE)
    assert desk.run(IMPORT) == ""
    desk.run("table-sync import-blocks ledger >> import.tf")
    desk.terraform.run("fmt", "-check", "import.tf", "scheduled_actions.tf")
    addresses = [expression(block.body["to"]) for block in read(desk.directory / "import.tf")]
    assert len(addresses) == 18
    errors = desk.run(GENERATE, code=1)
    assert [edge for edge in ROUGH_EDGES if edge in errors] == ROUGH_EDGES
    assert "removed" in desk.run(REPAIR)
    before = as_terraform_writes(settings_of(aws, "orders-restored"))
    actions, imported = planned(desk.run(PLAN))
    assert imported == set(addresses)
    white_space = {
        # jsonencode leaves it out.
        "aws_dynamodb_resource_policy.orders_restored": "updated in-place",
        "aws_lambda_event_source_mapping.orders_restored_orders_audit": "updated in-place",
    }
    assert actions == white_space | {
        "aws_appautoscaling_scheduled_action.orders_restored_before_work": "created",
        "aws_appautoscaling_scheduled_action.orders_restored_sale": "created",
    }
    assert all(address in desk.run(CHECK, code=2) for address in white_space)
    desk.run(APPLY.replace("rm takeover.tf takeover.tfplan forget.sh", "rm import.tf takeover.tfplan"))
    assert as_terraform_writes(settings_of(aws, "orders-restored")) == before
    desk.run(AGAIN)

    remove, check, apply = RETIRE[4:]
    desk.run(remove)
    assert "This plan would destroy aws_dynamodb_table.orders (" in desk.run(check, code=2)
    desk.run(apply)
    aws.clock.advance(60)
    assert set(aws.client("dynamodb").list_tables()["TableNames"]) == {"ledger", "orders-restored"}
    assert as_terraform_writes(settings_of(aws, "orders-restored")) == before
    desk.run(AGAIN)
