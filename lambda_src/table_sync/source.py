"""Where the settings of a restored table come from: its live source, a record of it, or what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from table_sync import access
from table_sync.aws import DELETED, Table
from table_sync.errors import FinalError
from table_sync.report import LEFTOVERS, LIVE, RECORD
from table_sync.settings import (
    alarms,
    auto_scaling,
    event_source_mapping_tags,
    on_demand_throughput,
    resource_policy,
    scalable_target_tags,
    stream,
    triggers,
    ttl,
)
from table_sync.settings.api_shape import InvalidValueError, checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from table_sync.records.record import Record
    from table_sync.settings.setting import Setting

_LONGEST_TEXT = 300


class Source(Protocol):
    """What a restored table gets its settings from."""

    kind: str
    """LIVE, RECORD or LEFTOVERS."""
    table: Table
    """The source, with what is known of its description."""
    why: str
    """Why it is not the live table, as a sentence; "" if it is."""

    def value(self, setting: Setting[Any]) -> Any:  # noqa: ANN401 (the value of any setting)
        """Return what the source had of a setting, parsed.

        Raises:
            table_sync.errors.FinalError: it cannot be known; the message says why.
            botocore.exceptions.ClientError: AWS refused a read.

        """

    def note(self, setting: Setting[Any]) -> str:
        """Return what to know of the value of a setting, "" if there is nothing."""

    def as_dict(self) -> dict[str, Any]:
        """Return `settings_from` of the report."""


@dataclass
class LiveSource:
    """The source table itself."""

    table: Table
    kind: str = LIVE
    why: str = ""

    def value(self, setting: Setting[Any]) -> Any:  # noqa: ANN401 (as above)
        """Read a setting of the table."""
        return setting.parse(setting.fetch(self.table), self.table)

    def note(self, _: Setting[Any]) -> str:
        """Return nothing: the value is what the table has now."""
        return ""

    def as_dict(self) -> dict[str, Any]:
        """Return `settings_from` of the report."""
        return {"kind": self.kind}


class RecordSource:
    """A record of the source table."""

    kind = RECORD

    def __init__(self, record: Record, why: str, version_id: str = "", newer_differs: tuple[str, ...] = ()) -> None:
        """Use a record, without a call.

        Args:
            record: of the source, untrusted.
            why: why the settings do not come from the live table.
            version_id: the version of the record's object, "" for a file.
            newer_differs: settings in which the newest version of the object differs.

        """
        self.why = why
        self._record = record
        self._version_id = version_id
        self._newer_differs = newer_differs
        self.table = Table(record.table, _description(record))

    def value(self, setting: Setting[Any]) -> Any:  # noqa: ANN401 (as above)
        """Return a recorded setting.

        Raises:
            table_sync.errors.FinalError: the record does not have it, or what it has cannot be used.

        """
        recorded, name = self._record.settings, setting.NAME
        if name not in recorded:
            reason = self._record.unreadable.get(name, "the module that wrote it did not know this setting")
            raise FinalError(f"the record does not have it ({_shown(reason)}): set it by hand")
        try:
            value = setting.parse(recorded[name], self.table)
        except InvalidValueError as error:
            raise FinalError(f"the record cannot be used for it ({_shown(str(error))}): set it by hand") from error
        if name == resource_policy.NAME:
            _refuse_public_access(value)
        return value

    def note(self, setting: Setting[Any]) -> str:
        """Say so if the value is older than the record."""
        reason = self._record.unreadable.get(setting.NAME)
        return f"the value is older than the record, which could not read it ({_shown(reason)})" if reason else ""

    def as_dict(self) -> dict[str, Any]:
        """Return `settings_from` of the report."""
        record = {"recorded_at": self._record.recorded_at.isoformat(), "table_id": self._record.table_id}
        version = {"version_id": self._version_id, "newer_differs": list(self._newer_differs)}
        return {"kind": self.kind, **record, **(version if self._version_id else {})}


def _shown(text: str) -> str:
    """Return untrusted text as it can be logged: neither long nor with half a character."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()


def _description(record: Record) -> dict[str, Any]:
    """Return what a record has of the table's description, as far as it can be used."""
    description: dict[str, Any] = {"TableStatus": DELETED}
    for name in (stream.NAME, on_demand_throughput.NAME):
        try:
            description |= checked(record.settings.get(name) or {}, "dynamodb", "TableDescription")
        except InvalidValueError:
            # Whoever parses that setting says so.
            continue
    return description | {"TableStatus": DELETED}


def _refuse_public_access(policies: resource_policy.Policies) -> None:
    for policy in (policies.of_table, policies.of_stream):
        statement = policy.document and access.opens_to_everyone(policy.document)
        if statement:
            raise FinalError(
                f"statement {statement} of the recorded policy would open the table to everyone: attach it by hand if "
                "you mean it"
            )


class Leftovers:
    """What is left of a deleted table: its backup's description, and what still names it."""

    kind = LEFTOVERS

    def __init__(
        self, arn: str, target: Table, why: str, backup: Mapping[str, Any] | None, namesake: Mapping[str, Any]
    ) -> None:
        """Prepare, without a call.

        Args:
            arn: of the table.
            target: the restored table, described.
            why: why the settings do not come from the live table.
            backup: BackupDescription of the backup that was restored, if it can be read.
            namesake: DescribeTable's answer about another table that has the name now, if there is one.

        """
        self.why = why
        indexes = [{"IndexName": name, "IndexStatus": DELETED} for name in target.indexes]
        self.table = Table(arn, {"TableStatus": DELETED, "GlobalSecondaryIndexes": indexes})
        self._backup = backup
        self._namesake = namesake
        # Streams of other tables that had the name are older or younger.
        self._other_streams = {target.description.get("LatestStreamArn"), namesake.get("LatestStreamArn")}

    def value(self, setting: Setting[Any]) -> Any:  # noqa: ANN401 (as above)
        """Return what is left of a setting.

        Raises:
            table_sync.errors.FinalError: nothing tells what the table had.
            botocore.exceptions.ClientError: AWS refused a read.

        """
        if setting.NAME in _OF_BACKUP and self._features is not None:
            return setting.parse(self._of_backup(setting.NAME), self.table)
        if setting.NAME in _OF_STREAM or (setting.NAME in _BY_NAME and not self._namesake):
            if setting.NAME in _OF_STREAM | {alarms.NAME}:
                self.table.once("event source mappings", self._mappings)
            return setting.parse(setting.fetch(self.table), self.table)
        name = " and its name is another table's" if self._namesake and setting.NAME in _BY_NAME else ""
        raise FinalError(
            f"the source is gone{name}, so nothing tells what it had: set it by hand. With enable_records, a record of "
            "the source is used the next time"
        )

    def note(self, setting: Setting[Any]) -> str:
        """Say from what the value is known, if that may not be all that the table had."""
        if setting.NAME in _OF_BACKUP:
            return ""
        return "the source is gone: only what still names it is copied"

    def as_dict(self) -> dict[str, Any]:
        """Return `settings_from` of the report."""
        return {"kind": self.kind}

    @property
    def _features(self) -> Mapping[str, Any] | None:
        """SourceTableFeatureDetails, None if nothing tells what the table had of them.

        A part that was off is absent (API reference). Whether the backup that DynamoDB makes of a deleted table has any
        of them is not documented, so an empty one of these says nothing.
        """
        if self._backup is None:
            return None
        features: Mapping[str, Any] = self._backup.get("SourceTableFeatureDetails") or {}
        kind = self._backup.get("BackupDetails", {}).get("BackupType")
        return features if features or kind != "SYSTEM" else None

    def _of_backup(self, name: str) -> dict[str, Any] | None:
        """Return the value of a setting that the backup's description has, as fetch() of a table returns it."""
        backup, features = self._backup or {}, self._features or {}
        if name == ttl.NAME:
            description = features.get("TimeToLiveDescription")
            return description if description and description.get("TimeToLiveStatus") != "DISABLED" else None
        if name == stream.NAME:
            specification = features.get("StreamDescription") or {}
            return {"StreamSpecification": specification} if specification.get("StreamEnabled") else None
        described = {
            "OnDemandThroughput": backup.get("SourceTableDetails", {}).get("OnDemandThroughput"),
            "GlobalSecondaryIndexes": features.get("GlobalSecondaryIndexes"),
        }
        return {key: value for key, value in described.items() if value} or None

    def _mappings(self) -> list[dict[str, Any]]:
        """Return the event source mappings of the table's last stream, which Lambda keeps, and take note of the stream.

        Nothing else names it, so all mappings of the Region are listed.
        """
        pages = self.table.client("lambda").get_paginator("list_event_source_mappings").paginate()
        streams: dict[str, list[dict[str, Any]]] = {}
        for mapping in (mapping for page in pages for mapping in page["EventSourceMappings"]):
            arn = mapping.get("EventSourceArn") or ""
            if arn.startswith(f"{self.table.arn}/stream/") and arn not in self._other_streams:
                streams.setdefault(arn, []).append(mapping)
        if not streams:
            return []
        # The label is the time at which the stream was enabled.
        last = max(streams)
        # Its view type is unknown; that of the backup is the stream setting's.
        specification = {"StreamEnabled": True, "StreamViewType": "UNKNOWN"}
        self.table.description = {
            **self.table.description,
            "LatestStreamArn": last,
            "StreamSpecification": specification,
        }
        return [mapping for mapping in streams[last] if mapping.get("State") != "Deleting"]


# What a backup's description has (API reference, DescribeBackup), and what outlasts the table.
_OF_BACKUP = {stream.NAME, ttl.NAME, on_demand_throughput.NAME}
_OF_STREAM = {triggers.NAME, event_source_mapping_tags.NAME}
_BY_NAME = {alarms.NAME, auto_scaling.NAME, scalable_target_tags.NAME}


def why_skipped(source: Source, target: Table, setting: Setting[Any]) -> str:
    """Return why a restored table does not get a setting that its source had, "" if it does."""
    if setting.REGION_BOUND and source.table.region != target.region:
        return f"the source's are in {source.table.region}, the target is in {target.region}"
    if source.table.account != target.account and (setting.REGION_BOUND or setting.NAME == resource_policy.NAME):
        return f"it names resources of account {source.table.account}: set it by hand"
    return ""
