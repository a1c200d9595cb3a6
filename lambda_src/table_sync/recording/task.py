"""What a message of the recorder's queue asks for: tables to record, or a part of a sweep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync.aws import Location, is_table_arn, is_table_name
from table_sync.queue import restore_event
from table_sync.queue.restore_event import NotARestoreError, RestoreRefusedError

if TYPE_CHECKING:
    from datetime import datetime

# CloudTrail's eventSource. Which of the two Application Auto Scaling has depends on the page of its guide.
_DYNAMODB = "dynamodb.amazonaws.com"
_LAMBDA = "lambda.amazonaws.com"
_CLOUDWATCH = "monitoring.amazonaws.com"
_AUTO_SCALING = ("application-autoscaling.amazonaws.com", "autoscaling.amazonaws.com")
_RESTORES = ("RestoreTableFromBackup", "RestoreTableToPointInTime")


class NotATaskError(Exception):
    """The message is nothing that the recorder understands; the message says why, without quoting it."""


@dataclass(frozen=True)
class SweepPart:
    """Where a sweep of all tables goes on."""

    started_at: datetime
    tables_after: str | None = None
    """Name of the last table that was recorded; None at the start."""
    records_after: str | None = None
    """Once all tables are recorded: the key of the last record that was checked for a deleted table."""
    is_first: bool = False
    """Whether no table of the Region had a record when the sweep started."""

    def as_message(self) -> str:
        """Return the body of the message that continues the sweep here."""
        part: dict[str, Any] = {"started_at": self.started_at.isoformat()}
        part |= {
            name: value
            for name, value in (("tables_after", self.tables_after), ("records_after", self.records_after))
            if value is not None
        }
        if self.is_first:
            part["is_first"] = True
        return json.dumps({"sweep": part})


@dataclass(frozen=True)
class Task:
    """What a message asks for."""

    tables: tuple[str, ...] = ()
    """ARNs of tables to record."""
    deleted_at: datetime | None = None
    """When the tables were deleted, if they were."""
    sweep: SweepPart | None = None


def parse(body: str, own: Location) -> Task:
    """Read a message body: a CloudTrail event of a change, an event of a restore, {"table": ARN} or a part of a sweep.

    Args:
        body: of the message.
        own: where the recorder is. It records tables of its account.

    Raises:
        NotATaskError: it is none of them, or of another account, Region or partition.

    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise NotATaskError("The message is not JSON.") from None
    if not isinstance(event, dict):
        raise NotATaskError("The message is not an object.")
    if event.keys() == {"table"}:
        if not is_table_arn(event["table"]):
            raise NotATaskError("The message names no table.")
        return Task(_own_tables([event["table"]], own))
    if event.keys() == {"sweep"}:
        return Task(sweep=_sweep(event["sweep"]))
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise NotATaskError("The message is neither an EventBridge event, nor a table, nor a part of a sweep.")
    if event.get("source") == "aws.backup" or detail.get("eventName") in _RESTORES:
        return _of_restore(body, own)
    return _of_change(event, detail, own)


def _of_change(event: dict[str, Any], detail: dict[str, Any], own: Location) -> Task:
    if (event.get("account"), event.get("region")) != (own.account, own.region):
        raise NotATaskError("The event is of another account or Region than the recorder.")
    if detail.get("errorCode"):
        raise NotATaskError("The event is of a call that failed.")
    tables = _own_tables(_changed_tables(detail), own)
    if detail.get("eventSource") == _DYNAMODB and detail.get("eventName") == "DeleteTable":
        return Task(tables, deleted_at=restore_event.time_of(detail.get("eventTime")))
    return Task(tables)


def _sweep(part: object) -> SweepPart:
    if not isinstance(part, dict):
        raise NotATaskError("The part of a sweep is not an object.")
    started_at = restore_event.time_of(part.get("started_at"))
    names = [part.get("tables_after"), part.get("records_after")]
    if started_at is None or not all(name is None or isinstance(name, str) for name in names):
        raise NotATaskError("The part of a sweep does not say when the sweep started, or where it goes on.")
    tables_after, records_after = names
    return SweepPart(started_at, tables_after, records_after, part.get("is_first") is True)


def _of_restore(body: str, own: Location) -> Task:
    """Return the task to record the source of a restore now: it may be gone when the restore is done."""
    try:
        restore = restore_event.parse(body, own)
    except RestoreRefusedError:
        raise NotATaskError("The event is of a restore that failed.") from None
    except NotARestoreError as error:
        raise NotATaskError(str(error)) from None
    return Task(_own_tables([restore.source], own))


def _own_tables(found: list[object], own: Location) -> tuple[str, ...]:
    """Return the ARNs of the tables that are the account's, of names and of ARNs of tables and what belongs to them."""
    arns = [own.table_arn(name) if is_table_name(name) else _of_part(name) for name in found]
    tables = {arn for arn in arns if is_table_arn(arn)}
    if not tables:
        raise NotATaskError("The message names no table.")
    locations = {arn: Location.of(arn) for arn in tables}
    mine = sorted(arn for arn, at in locations.items() if (at.partition, at.account) == (own.partition, own.account))
    if not mine:
        raise NotATaskError("The table is of another account or partition than the recorder.")
    return tuple(mine)


def _of_part(arn: object) -> str | None:
    """Return the ARN of the table of an index or a stream (TABLE_ARN/index/NAME, TABLE_ARN/stream/LABEL)."""
    return "/".join(arn.split("/")[:2]) if isinstance(arn, str) else None


def _changed_tables(detail: dict[str, Any]) -> list[object]:
    """Return names and ARNs of tables in CloudTrail's record of a call.

    Some calls name the table in their answer alone.
    """
    request, answer = _object(detail, "requestParameters"), _object(detail, "responseElements")
    source = detail.get("eventSource")
    found: list[object] = []
    if source == _DYNAMODB:
        description = _object(answer, "tableDescription")
        found = [request.get("tableName"), request.get("resourceArn"), description.get("tableArn")]
    elif source == _LAMBDA:
        found = [request.get("eventSourceArn"), answer.get("eventSourceArn")]
        found = [arn for arn in found if isinstance(arn, str) and ":dynamodb:" in arn]
    elif source in _AUTO_SCALING and request.get("serviceNamespace") == "dynamodb":
        found = [*str(request.get("resourceId")).split("/")[1:2]]
    elif source == _CLOUDWATCH:
        found = _named_in_dimensions(request)
    return [name for name in found if name is not None]


def _named_in_dimensions(node: object) -> list[object]:
    """Return the values of the dimension TableName, wherever a PutMetricAlarm call has dimensions."""
    if isinstance(node, list):
        return [name for item in node for name in _named_in_dimensions(item)]
    if not isinstance(node, dict):
        return []
    if node.get("name") == "TableName":
        return [node.get("value")]
    return [name for item in node.values() for name in _named_in_dimensions(item)]


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}
