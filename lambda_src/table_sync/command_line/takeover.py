"""The restored table takes the place of the old one in Terraform: the same addresses, bound to its resources."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync import rename
from table_sync.command_line import import_blocks
from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.import_blocks import Identity
from table_sync.command_line.terraform_json import managed_resources
from table_sync.settings import alarms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from table_sync.aws import Table
    from table_sync.command_line.import_blocks import Blocks
    from table_sync.command_line.terraform_json import Resource

# Resources of a table that no import block can bind to another table, and what the plan does instead.
_NOT_IMPORTED = {
    "aws_dynamodb_table_item": "its item is in the restored table already, and the provider cannot import items: "
    "the plan would create it, and fail. Remove the block",
    "aws_dynamodb_table_replica": "the restored table has no replicas: the plan creates one",
    "aws_dynamodb_global_table": "the restored table has no replicas: the plan creates them",
}


@dataclass(frozen=True)
class Takeover:
    """What binds the addresses of the old table's resources to those of the restored one."""

    blocks: Blocks
    forget: str
    """The command that makes the state forget the old resources; "" if there are none to forget."""
    notes: tuple[str, ...]
    """What needs a person, each a sentence."""


def plan(state: str, source: str, target: Table) -> Takeover:
    """Return the takeover.

    Args:
        state: what `terraform show -json` prints.
        source: name of the table that was restored from, which may be gone; it may be the target's name.
        target: the restored table, described.

    Raises:
        table_sync.command_line.command_errors.CommandError: the text is not a state, or the table is not in it.
        botocore.exceptions.ClientError: AWS does not accept the credentials.

    """
    resources = managed_resources(state)
    table = _table(resources, source, target)
    attached = [(resource, identity) for resource in resources if (identity := _identity(resource, table, target))]
    # Under its own name, a table keeps what is known by the name, and the state has it already.
    moved = {identity: resource.address for resource, identity in attached if _changes(resource, identity)}
    unchanged = {identity for resource, identity in attached if not _changes(resource, identity)}
    blocks = import_blocks.write(target, table.address, addresses=moved, unchanged=unchanged)
    lost = [address for identity, address in moved.items() if identity not in blocks.bound]
    notes = [
        f"{address} has no counterpart on {target.name}: the plan creates one, or run sync first." for address in lost
    ]
    others = [r for r in resources if r.type in _NOT_IMPORTED and r.values.get("table_name") == source]
    notes += [f"{resource.address}: {_NOT_IMPORTED[resource.type]}." for resource in others]
    addresses = [*moved.values(), *(resource.address for resource in others)]
    return Takeover(blocks, _forget(addresses), tuple(notes))


def _table(resources: Sequence[Resource], name: str, target: Table) -> Resource:
    arn = rf"arn:[^:]+:dynamodb:{re.escape(target.region)}:{target.account}:table/{re.escape(name)}"
    found = [
        resource
        for resource in resources
        if resource.type == "aws_dynamodb_table" and re.fullmatch(arn, str(resource.values.get("arn")))
    ]
    if not found:
        raise CommandError(
            f"The state has no aws_dynamodb_table {name} in {target.region}, account {target.account}: "
            "check the name, or use import-blocks for a table that is in no state."
        )
    if len(found) > 1:
        addresses = " and ".join(resource.address for resource in found)
        raise CommandError(f"The state has table {name} twice, as {addresses}: remove one with terraform state rm.")
    return found[0]


def _identity(resource: Resource, table: Resource, target: Table) -> Identity | None:  # noqa: C901, PLR0911 (one per type)
    """Return what the counterpart of a resource of the old table is on the restored one; None if it has none."""
    values, source_arn, source = resource.values, table.values["arn"], table.values["name"]
    if resource.address == table.address:
        return Identity(resource.type, target.name)
    match resource.type:
        case "aws_dynamodb_tag" if values["resource_arn"] == source_arn:
            return Identity(resource.type, f"{target.arn},{values['key']}")
        case "aws_dynamodb_resource_policy" if values["resource_arn"] == source_arn:
            return Identity(resource.type, target.arn)
        case "aws_dynamodb_resource_policy" if _is_stream(values["resource_arn"], source_arn):
            return Identity(resource.type, target.stream_arn or "")
        case "aws_dynamodb_kinesis_streaming_destination" if values["table_name"] == source:
            return Identity(resource.type, f"{target.name},{values['stream_arn']}")
        case "aws_dynamodb_contributor_insights" if values["table_name"] == source:
            index = values.get("index_name") or ""
            return Identity(resource.type, f"name:{target.name}/index:{index}/{target.account}")
        case "aws_lambda_event_source_mapping" if _is_stream(values.get("event_source_arn"), source_arn):
            return Identity(resource.type, values["function_arn"])
        case "aws_appautoscaling_target" if _scales(values, source):
            return Identity(resource.type, _scalable(values, source, target))
        case "aws_appautoscaling_policy" if _scales(values, source):
            name = rename.resource_id(values["name"], source, target.name)
            return Identity(resource.type, f"{_scalable(values, source, target)}/{name}")
        case "aws_appautoscaling_scheduled_action" if _scales(values, source):
            resource_id = rename.resource_id(values["resource_id"], source, target.name)
            return import_blocks.scheduled_action(resource_id, values["scalable_dimension"], values["name"])
        case "aws_cloudwatch_metric_alarm" if _watches(values, source):
            name = values["alarm_name"]
            return Identity(resource.type, name if source == target.name else alarms.renamed(name, source, target.name))
    return None


def _changes(resource: Resource, identity: Identity) -> bool:
    """Say whether the counterpart is another resource than the one in the state."""
    values = resource.values
    if resource.type == "aws_lambda_event_source_mapping":
        return True
    if resource.type == "aws_appautoscaling_scheduled_action":
        old = import_blocks.scheduled_action(values["resource_id"], values["scalable_dimension"], values["name"])
        return old != identity
    if resource.type in {"aws_appautoscaling_target", "aws_appautoscaling_policy"}:
        return f"/{values['resource_id']}/" not in identity.key
    return bool(values.get("id") != identity.key)


def _is_stream(arn: object, table_arn: str) -> bool:
    return isinstance(arn, str) and arn.startswith(f"{table_arn}/stream/")


def _scales(values: Mapping[str, Any], table: str) -> bool:
    return re.fullmatch(rf"table/{re.escape(table)}(/index/.+)?", str(values.get("resource_id"))) is not None


def _scalable(values: Mapping[str, Any], source: str, target: Table) -> str:
    resource_id = rename.resource_id(values["resource_id"], source, target.name)
    return f"dynamodb/{resource_id}/{values['scalable_dimension']}"


def _watches(values: Mapping[str, Any], table: str) -> bool:
    metrics = [metric for query in values.get("metric_query") or [] for metric in query.get("metric") or []]
    return any(
        metric.get("namespace") == "AWS/DynamoDB" and (metric.get("dimensions") or {}).get("TableName") == table
        for metric in (values, *metrics)
    )


def _forget(addresses: Sequence[str]) -> str:
    if not addresses:
        return ""
    return " \\\n".join(["terraform state rm", *(f"  {shlex.quote(address)}" for address in addresses)])
