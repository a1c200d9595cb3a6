"""What is cheaper to list for many tables at once than to ask for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from table_sync import errors
from table_sync.aws import client
from table_sync.errors import Meaning
from table_sync.settings import auto_scaling, triggers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from table_sync.aws import Location, Table


class AccountLists:
    """Lists of the account's Region, each read once in an invocation."""

    def __init__(self, own: Location) -> None:
        """Make no call.

        Args:
            own: where the recorder is.

        """
        self._own = own
        self.of_region: dict[tuple[str, str], Any] = {}
        """For Table: what its settings list of the Region."""
        self._mappings: list[dict[str, Any]] | None = None

    def prepare(self, tables: Sequence[Table]) -> None:
        """Give described tables of the Region what is listed for all of them.

        A list that AWS refuses for good is left to each table's settings, which say so in the record.

        Raises:
            Exception: AWS throttles the lists.

        """
        _unless_refused(lambda: self._give_scalable_targets(tables))
        with_stream = [table for table in tables if table.stream_arn]
        if with_stream:
            _unless_refused(lambda: self._give_mappings(with_stream))

    def _give_scalable_targets(self, tables: Iterable[Table]) -> None:
        for table, targets in auto_scaling.scalable_targets_of(tables):
            table.once(auto_scaling.TARGETS, lambda targets=targets: targets)  # type: ignore[misc]

    def _give_mappings(self, tables: Iterable[Table]) -> None:
        if self._mappings is None:
            pages = client("lambda", self._own.region).get_paginator("list_event_source_mappings").paginate()
            self._mappings = [
                mapping
                for page in pages
                for mapping in page["EventSourceMappings"]
                if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("State") != "Deleting"
            ]
        for table in tables:
            of_table = [mapping for mapping in self._mappings if mapping["EventSourceArn"] == table.stream_arn]
            table.once(triggers.MAPPINGS, lambda of_table=of_table: of_table)  # type: ignore[misc]


def _unless_refused(read: Callable[[], None]) -> None:
    try:
        read()
    except Exception as error:
        if errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT}:
            raise
