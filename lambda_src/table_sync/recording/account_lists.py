"""What is cheaper to list for many tables at once than to ask for each.

Tags are asked for: GetResources of the Resource Groups Tagging API lists those of 100 resources in one call, but may
show what was there before (aws/aws-sdk#302), and a record of it would be wrong.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from table_sync import errors
from table_sync.aws import client
from table_sync.errors import Meaning
from table_sync.settings import auto_scaling, contributor_insights, triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from table_sync.aws import Location, Table


class AccountLists:
    """Lists of the account's Region, each read once in an invocation."""

    def __init__(self, own: Location) -> None:
        """Make no call.

        Args:
            own: where the recorder is.

        """
        self._region = own.region
        self.of_region: dict[tuple[str, str], Any] = {}
        """For Table: what its settings list of the Region."""

    def prepare(self, tables: Sequence[Table]) -> None:
        """Give described tables of the Region what is listed for all of them.

        A list that AWS refuses for good is left to each table's settings, which say so in the record.

        Raises:
            Exception: AWS throttles the lists.

        """
        for give in (self._give_insights, self._give_scaling, self._give_mappings):
            _unless_refused(lambda give=give: give(tables))  # type: ignore[misc]

    def _give_insights(self, tables: Iterable[Table]) -> None:
        for table in tables:
            of_table = self._insights.get(table.name, [])
            table.once(contributor_insights.SUMMARIES, lambda of_table=of_table: of_table)  # type: ignore[misc]

    def _give_scaling(self, tables: Iterable[Table]) -> None:
        for table, targets in auto_scaling.scalable_targets_of(tables):
            table.once(auto_scaling.TARGETS, lambda targets=targets: targets)  # type: ignore[misc]
            if targets:
                scaled = {target["ResourceId"] for target in targets}
                actions = [action for resource_id in scaled for action in self._actions.get(resource_id, [])]
                table.once(auto_scaling.ACTIONS, lambda actions=actions: actions)  # type: ignore[misc]

    def _give_mappings(self, tables: Iterable[Table]) -> None:
        for table in tables:
            if table.stream_arn:
                of_table = self._mappings.get(table.stream_arn, [])
                table.once(triggers.MAPPINGS, lambda of_table=of_table: of_table)  # type: ignore[misc]

    @cached_property
    def _insights(self) -> dict[str, list[Mapping[str, Any]]]:
        """Contributor Insights by the table's name."""
        return _grouped("TableName", contributor_insights.listed(client("dynamodb", self._region)))

    @cached_property
    def _actions(self) -> dict[str, list[Mapping[str, Any]]]:
        """Scheduled actions by ResourceId."""
        return _grouped("ResourceId", auto_scaling.scheduled_actions(client("application-autoscaling", self._region)))

    @cached_property
    def _mappings(self) -> dict[str, list[Mapping[str, Any]]]:
        """Event source mappings by EventSourceArn, those of DynamoDB's streams."""
        pages = client("lambda", self._region).get_paginator("list_event_source_mappings").paginate()
        mappings = (mapping for page in pages for mapping in page["EventSourceMappings"])
        return _grouped(
            "EventSourceArn",
            (
                mapping
                for mapping in mappings
                if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("State") != "Deleting"
            ),
        )


def _grouped(key: str, found: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for item in found:
        groups.setdefault(item[key], []).append(item)
    return groups


def _unless_refused(read: Callable[[], None]) -> None:
    try:
        read()
    except Exception as error:
        if errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT}:
            raise
