"""Terraform import blocks for a table and everything attached to it.

The format of each ID is the one in the AWS provider's documentation, under Import at the end of a resource's page.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from table_sync import errors
from table_sync.command_line import command_errors
from table_sync.errors import FinalError
from table_sync.settings import (
    alarms,
    auto_scaling,
    contributor_insights,
    kinesis,
    read,
    resource_policy,
    triggers,
    ttl,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from table_sync.aws import Table

_NAME = r"[^\W\d][\w-]*"
_KEY = r'(?:\[(?:\d+|"[^"\\$%]+")\])?'
_TABLE_ADDRESS = re.compile(
    rf"(?P<module>(?:module\.{_NAME}{_KEY}\.)*)aws_dynamodb_table\.(?P<name>{_NAME})(?P<key>{_KEY})"
)
# Schema of aws_appautoscaling_policy, name; Application Auto Scaling itself takes one more.
_LONGEST_POLICY_NAME = 255


def is_table_address(text: str) -> bool:
    """Say whether `text` is the address of an aws_dynamodb_table, in the root module or in another."""
    return _TABLE_ADDRESS.fullmatch(text) is not None


class Identity(NamedTuple):
    """What a resource is, independent of its address."""

    type: str
    """Terraform's resource type."""
    key: str
    """The import ID; of an event source mapping the ARN of its function, of a scheduled action its ID in AWS."""


def scheduled_action(resource_id: str, dimension: str, name: str) -> Identity:
    """Return the identity of a scheduled action, which has no import ID."""
    return Identity("aws_appautoscaling_scheduled_action", f"dynamodb/{resource_id}/{dimension}/{name}")


@dataclass(frozen=True)
class Blocks:
    """A Terraform file."""

    text: str
    caution: str
    """What to know before Terraform reads the table; empty if nothing."""
    left_out: tuple[str, ...]
    """What could not be read; a comment in the text says why."""
    scheduled_actions: str = ""
    """Resource blocks of scheduled actions, which the provider cannot import, as a file of their own."""
    bound: frozenset[Identity] = frozenset()
    """Those of `addresses` that the table has."""


def write(
    table: Table,
    address: str | None = None,
    *,
    addresses: Mapping[Identity, str] | None = None,
    unchanged: Collection[Identity] = (),
) -> Blocks:
    """Return a Terraform file that imports the table and what is attached to it.

    What AWS refuses to tell of, or boto3 is too old to read, is left out; the rest is there.

    Args:
        table: described, and not CREATING any more.
        address: where the table goes; what is attached goes to the root module under names that begin with the
            table's, and with its modules and keys where it has any. By default it is made of the table's name.
        addresses: where to bind something else than to its generated address.
        unchanged: what a state has already, and so needs no block.

    Raises:
        ValueError: the address is not one of a table.
        botocore.exceptions.BotoCoreError: AWS cannot be asked.
        botocore.exceptions.ClientError: AWS does not accept the credentials, or no longer.

    """
    address = address or f"aws_dynamodb_table.{_label(table.name)}"
    match = _TABLE_ADDRESS.fullmatch(address)
    if not match:
        raise ValueError(f"{address!r} is not the address of an aws_dynamodb_table.")
    file = _File(table, match, addresses or {}, unchanged)
    text = "\n\n".join(filter(None, file.parts())) + "\n"
    scheduled_actions = "\n\n".join(file.scheduled_actions)
    return Blocks(text, file.caution, tuple(file.left_out), scheduled_actions, frozenset(file.bound))


class _File:
    def __init__(
        self, table: Table, address: re.Match[str], addresses: Mapping[Identity, str], unchanged: Collection[Identity]
    ) -> None:
        self.caution = ""
        self.left_out: list[str] = []
        self.scheduled_actions: list[str] = []
        self.bound: set[Identity] = set()
        self._table = table
        self._address = address
        self._addresses = addresses
        self._unchanged = unchanged
        self._prefix = _prefix(address)
        self._taken: set[str] = set()

    def parts(self) -> Iterator[str]:
        """Yield blocks and comments."""
        yield _comment(f"{self._table.arn}\nThe AWS provider has to be set up for this account and Region.")
        if (self._address["module"] or self._address["key"]) and not self._addresses:
            yield _comment(
                "Terraform generates no configuration for an address in a module or with a key, so write the block of\n"
                f"{self._address[0]} by hand."
            )
        yield self._bind("aws_dynamodb_table", self._table.name, self._table.name, lambda: self._address[0])
        for identity in self._addresses:
            if identity.type == "aws_dynamodb_tag":
                yield self._attached(identity.type, identity.key)
        yield from self._unless_refused("TTL", self._ttl())
        yield from self._unless_refused("auto scaling", self._auto_scaling())
        yield from self._unless_refused("the Kinesis destination", self._kinesis_destinations())
        yield from self._unless_refused("event source mappings", self._event_source_mappings())
        yield from self._unless_refused("Contributor Insights", self._contributor_insights())
        yield from self._unless_refused("the resource policy", self._resource_policy())
        yield from self._unless_refused("alarms", self._alarms())

    def _unless_refused(self, what: str, parts: Iterable[str]) -> Iterable[str]:
        """Return all parts, or a comment that says why there are none."""
        try:
            return list(parts)
        except (AttributeError, ClientError, FinalError) as error:
            if command_errors.blames_credentials(error):
                raise
            self.left_out.append(what)
            return [_comment(f"Not read: {what}. {' '.join(errors.explain(error).split())}")]

    def _ttl(self) -> Iterator[str]:
        """Yield nothing: TTL is an argument of the table."""
        if read(ttl, self._table).status == "ENABLING":
            self.caution = (
                "TTL is still ENABLING, which Terraform takes for disabled and would make so later: "
                "wait until it is ENABLED (at most an hour), then go on."
            )
        yield from ()

    def _bind(self, resource: str, key: str, import_id: str, generated: Callable[[], str]) -> str:
        """Return the block that binds a resource to its address, "" if it needs none."""
        identity = Identity(resource, key)
        if identity in self._addresses:
            self.bound.add(identity)
            return _import(self._addresses[identity], import_id)
        return "" if identity in self._unchanged else _import(generated(), import_id)

    def _attached(self, resource: str, import_id: str, *names: str, key: str = "") -> str:
        return self._bind(resource, key or import_id, import_id, lambda: self._unique(resource, *names))

    def _unique(self, resource: str, *names: str) -> str:
        """Return an address that nothing else in the file has."""
        prefix, slug = self._prefix, _slug("_".join(names))
        label = slug if slug.startswith(f"{prefix}_") or slug == prefix else "_".join(filter(None, (prefix, slug)))
        address, number = f"{resource}.{label}", 1
        while address in self._taken:
            number += 1
            address = f"{resource}.{label}_{number}"
        self._taken.add(address)
        return address

    def _auto_scaling(self) -> Iterator[str]:
        for write in read(auto_scaling, self._table).writes:
            parameters = write.parameters
            index = parameters["ResourceId"].partition("/index/")[2]
            names = (index, "read" if ":Read" in parameters["ScalableDimension"] else "write")
            identity = f"dynamodb/{parameters['ResourceId']}/{parameters['ScalableDimension']}"
            if write.operation == "RegisterScalableTarget":
                yield self._attached("aws_appautoscaling_target", identity, *names)
            elif write.operation == "PutScalingPolicy":
                name = parameters["PolicyName"]
                if len(name) > _LONGEST_POLICY_NAME:
                    yield _comment(f"The AWS provider takes no scaling policy name as long as {_quoted(name)}.")
                else:
                    yield self._attached("aws_appautoscaling_policy", f"{identity}/{name}", *names)
            else:
                yield self._scheduled_action(parameters)

    def _scheduled_action(self, parameters: Mapping[str, Any]) -> str:
        name = parameters["ScheduledActionName"]
        identity = scheduled_action(parameters["ResourceId"], parameters["ScalableDimension"], name)
        if identity in self._addresses or identity in self._unchanged:
            self.bound.add(identity)
            return ""
        label = self._unique("aws_appautoscaling_scheduled_action", name).partition(".")[2]
        times = {"start_time": parameters.get("StartTime"), "end_time": parameters.get("EndTime")}
        arguments = {
            "name": name,
            "service_namespace": "dynamodb",
            "resource_id": parameters["ResourceId"],
            "scalable_dimension": parameters["ScalableDimension"],
            "schedule": parameters["Schedule"],
            "timezone": parameters.get("Timezone", "UTC"),
            **{key: f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for key, time in times.items() if time},
        }
        capacity = parameters["ScalableTargetAction"]
        limits = {
            key: capacity[field]
            for key, field in (("min_capacity", "MinCapacity"), ("max_capacity", "MaxCapacity"))
            if field in capacity
        }
        block = [
            f'resource "aws_appautoscaling_scheduled_action" "{label}" {{',
            *_arguments({key: _quoted(value) for key, value in arguments.items()}, "  "),
            "",
            "  scalable_target_action {",
            *_arguments(limits, "    "),
            "  }",
            "}",
        ]
        self.scheduled_actions.append("\n".join(block))
        return _comment(
            f"The AWS provider cannot import the scheduled action {_quoted(name)}. Terraform takes it over with a "
            f"resource\nblock, {block[0].split()[2]}, because creating one writes the same values over it."
        )

    def _kinesis_destinations(self) -> Iterator[str]:
        for stream_arn, destination in sorted(read(kinesis, self._table).items()):
            if destination.live:
                yield self._attached(
                    "aws_dynamodb_kinesis_streaming_destination",
                    f"{self._table.name},{stream_arn}",
                    stream_arn.rpartition("/")[2],
                )

    def _event_source_mappings(self) -> Iterator[str]:
        for mapping in triggers.event_source_mappings(self._table):
            # The function's name, and the alias or version if it has one.
            names = mapping["FunctionArn"].split(":")[6:]
            yield self._attached("aws_lambda_event_source_mapping", mapping["UUID"], *names, key=mapping["FunctionArn"])

    def _contributor_insights(self) -> Iterator[str]:
        for index, insight in sorted(read(contributor_insights, self._table).insights.items()):
            if insight.live:
                identity = f"name:{self._table.name}/index:{index}/{self._table.account}"
                yield self._attached("aws_dynamodb_contributor_insights", identity, index)

    def _resource_policy(self) -> Iterator[str]:
        policies = resource_policy.parse(resource_policy.fetch(self._table), self._table)
        if policies.of_table.document:
            yield self._attached("aws_dynamodb_resource_policy", policies.table_arn, "")
        if policies.of_stream.document and policies.stream_arn:
            yield self._attached("aws_dynamodb_resource_policy", policies.stream_arn, "stream")

    def _alarms(self) -> Iterator[str]:
        for name in read(alarms, self._table).on_table:
            yield self._attached("aws_cloudwatch_metric_alarm", name, name)


def _slug(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "_", text).strip("_").lower()


def _label(name: str) -> str:
    """Return an identifier (Terraform language, Identifiers: no digit in front) that tells of a table's name."""
    slug = _slug(name)
    return slug if slug[:1].isalpha() else f"table_{slug}".rstrip("_")


def _prefix(address: re.Match[str]) -> str:
    """Return what the names of all that is attached begin with; the table's alone may be `this` in every module."""
    if not address["module"] and not address["key"]:
        return address["name"]
    modules = re.findall(rf"module\.({_NAME}{_KEY})\.", address["module"])
    return _label("_".join((*modules, address["name"] + address["key"])))


def _import(address: str, identity: str) -> str:
    return f"import {{\n  to = {address}\n  id = {_quoted(identity)}\n}}"


def _arguments(arguments: Mapping[str, Any], indentation: str) -> list[str]:
    width = max(map(len, arguments))
    return [f"{indentation}{key:{width}} = {value}" for key, value in arguments.items()]


def _quoted(text: str) -> str:
    """Return a string as Terraform writes it, with nothing to interpolate."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
