"""docs/back-into-terraform.md, command by command, with Terraform and the AWS provider against the embedded AWS."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import aws_cli
from tests.support.attachments import attach
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.tables import (
    INDEXES,
    RECOVERY_PERIOD_IN_DAYS,
    TAGS,
    TTL_ATTRIBUTE,
    give_auto_scaling,
    give_kinesis_destination,
    give_triggers,
    settings_of,
    wait_until_active,
)
from tests.support.terraform import REPOSITORY, Terraform, TerraformUnavailable, find_terraform

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
SETTINGS = commands_of("2. Give it back its settings")
IMPORT = commands_of("3. Import it")
RETIRE = commands_of("5. Retire the old table")
IN_A_MODULE = commands_of("When the table is in a module")
# What Terraform generates and the provider refuses: the third column of the table in section 3.
ROUGH_EDGES = [row.split(" | ")[2].strip("`") for row in GUIDE.splitlines() if re.match(r"\| `.+` \| ", row)]


@pytest.fixture
def aws():
    with EmbeddedAWS(server=True) as embedded:
        # An SDK that has lost an answer sends an update again, which a mapping that is Updating would refuse.
        embedded.delays.mapping = 0
        yield embedded


class Desk:
    """A directory with a configuration, and a shell in it."""

    def __init__(self, aws, directory):
        self.aws = aws
        self.directory = directory
        (directory / "main.tf").write_text(PROVIDER)
        self.terraform = Terraform(directory, env=aws.environment())
        programs = directory / "bin"
        programs.mkdir()
        aws_cli.install(programs)
        path = [str(programs), str(Path(sys.executable).parent), str(find_terraform().parent), os.environ["PATH"]]
        self._environment = {
            "HOME": str(directory),
            "PATH": os.pathsep.join(path),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_ARGS_plan": "-no-color -input=false",
            "TF_CLI_ARGS_apply": "-no-color -input=false",
        } | aws.environment()

    def init(self):
        try:
            self.terraform.init()
        except TerraformUnavailable as unavailable:
            give_up(unavailable)
        # Where terraform init puts a module that comes from a registry.
        modules = self.directory / ".terraform/modules"
        modules.mkdir(exist_ok=True)
        (modules / "table_sync").symlink_to(REPOSITORY)

    def run(self, command, code=0):
        """Run a block of the guide; return what it wrote."""
        exported = command.removeprefix("export ").partition("=")
        if command.startswith("export "):
            self._environment[exported[0]] = exported[2].strip()
            return ""
        done = subprocess.run(  # noqa: S603 (commands of the guide)
            ["/bin/bash", "-euc", command],
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

    def planned(self, plan):
        """Return the actions of a saved plan by address, and the addresses that it imports and moves."""
        changes = self.terraform.show(self.directory / plan)["resource_changes"]
        actions = {c["address"]: c["change"]["actions"] for c in changes if c["change"]["actions"] != ["no-op"]}
        imported = {c["address"] for c in changes if c["change"].get("importing")}
        moved = {c["address"] for c in changes if c.get("previous_address")}
        return actions, imported, moved


def give_up(unavailable):
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI is true, so a skip will not do. {unavailable}", pytrace=False)
    pytest.skip(f"It needs real Terraform. {unavailable}")


@pytest.fixture
def desk(aws, tmp_path):
    try:
        return Desk(aws, tmp_path)
    except TerraformUnavailable as unavailable:
        give_up(unavailable)


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


def refer_to_the_restored_table(desk):
    """Do what sections 3 and 4 say: references in place of names, and the new name for the application."""
    generated = desk.directory / "generated.tf"
    name = "aws_dynamodb_table.orders_restored.name"
    text, count = re.subn(
        r'^(  table_name += )"orders-restored"', rf"\1{name}", generated.read_text(), flags=re.MULTILINE
    )
    assert count
    generated.write_text(text)
    (desk.directory / "application.tf").write_text(f'output "table" {{\n  value = {name}\n}}\n')


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


def test_from_the_restore_to_the_retired_table(aws, desk):
    (desk.directory / "orders.tf").write_text(
        'resource "aws_dynamodb_table" "orders" {\n  name = "orders"\n  deletion_protection_enabled = true\n'
        f"{TABLE}{INDEX_BLOCKS}}}\n"
    )
    desk.init()
    desk.terraform.apply()
    aws.delays.ttl = 3600  # the longest that it may take (API reference, UpdateTimeToLive)
    for give in (give_kinesis_destination, give_triggers, give_auto_scaling):
        give(aws, "orders")

    restore(desk)
    export, sync, diff = SETTINGS
    desk.run(export)
    desk.run(sync)
    assert "orders-restored has the settings of orders." in desk.run(diff)
    attach(aws, "orders-restored")
    make_on_demand_table(aws, "ledger")

    write, extract, generate, edit, plan, apply, check = IMPORT
    assert "TTL is still ENABLING" in desk.run(write)
    aws.clock.advance(AN_HOUR_AND_MORE)
    assert desk.run(write) == ""
    desk.run(extract)
    desk.run("python -m table_sync import-blocks ledger >> import.tf")
    desk.terraform.run("fmt", "-check", "import.tf")
    blocks = re.findall(r"^  to = (.+)$", (desk.directory / "import.tf").read_text(), re.MULTILINE)
    assert len(blocks) == 18
    errors = desk.run(generate, code=1)
    assert [edge for edge in ROUGH_EDGES if edge in errors] == ROUGH_EDGES
    desk.run(edit)
    before = as_terraform_writes(settings_of(aws, "orders-restored"))
    desk.run(plan)
    actions, imported, _ = desk.planned("adopt.tfplan")
    assert imported == set(blocks)
    assert actions == {
        "aws_appautoscaling_scheduled_action.orders_restored_before_work": ["create"],
        "aws_appautoscaling_scheduled_action.orders_restored_sale": ["create"],
        # White space, which jsonencode leaves out.
        "aws_dynamodb_resource_policy.orders_restored": ["update"],
        "aws_lambda_event_source_mapping.orders_restored_orders_audit": ["update"],
    }
    desk.run(apply)
    assert as_terraform_writes(settings_of(aws, "orders-restored")) == before
    desk.run(check)

    refer_to_the_restored_table(desk)
    for command in RETIRE:
        desk.run(command)
    assert desk.planned("retire.tfplan")[0] == {"aws_dynamodb_table.orders": ["delete"]}
    assert desk.planned("move.tfplan") == ({}, set(), {"aws_dynamodb_table.orders"})
    dynamodb = aws.client("dynamodb")
    assert set(dynamodb.list_tables()["TableNames"]) == {"ledger", "orders-restored"}
    assert [backup["TableName"] for backup in dynamodb.list_backups()["BackupSummaries"]] == ["orders"]
    assert as_terraform_writes(settings_of(aws, "orders-restored")) == before
    assert desk.run("terraform output -raw table") == "orders-restored"
    desk.run(check.splitlines()[-1])


def test_in_the_place_of_the_old_table_in_a_module(aws, desk):
    module = desk.directory / "table"
    module.mkdir()
    (module / "main.tf").write_text(
        'variable "name" {}\n\nresource "aws_dynamodb_table" "this" {\n'
        f"  count            = 1\n  name             = var.name\n{TABLE}{INDEX_BLOCKS}}}\n{SCALING}"
    )
    (desk.directory / "table_name.auto.tfvars").write_text('table_name = "orders"\n')
    (desk.directory / "orders.tf").write_text(
        'variable "table_name" {}\n\nmodule "orders" {\n  source = "./table"\n  name   = var.table_name\n}\n'
    )
    desk.init()
    desk.terraform.apply()
    # What the module has no block for.
    give_kinesis_destination(aws, "orders")
    restore(desk)
    for command in SETTINGS:
        desk.run(command)
    before = {table: as_terraform_writes(settings_of(aws, table)) for table in ("orders", "orders-restored")}
    assert before["orders-restored"]["auto_scaling"]

    for command in IN_A_MODULE:
        desk.run(command)
        if (desk.directory / "adopt.tfplan").exists():
            addresses = {
                "module.orders.aws_dynamodb_table.this[0]",
                "module.orders.aws_appautoscaling_target.read[0]",
                "aws_dynamodb_kinesis_streaming_destination.orders_this_0_changes",
            }
            created = {"module.orders.aws_appautoscaling_scheduled_action.work[0]": ["create"]}
            assert desk.planned("adopt.tfplan") == (created, addresses, set())
    assert set(aws.client("dynamodb").list_tables()["TableNames"]) == {"orders", "orders-restored"}
    assert {table: as_terraform_writes(settings_of(aws, table)) for table in before} == before
    desk.run(IMPORT[-1].splitlines()[-1])
