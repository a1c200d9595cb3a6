"""One EventBridge event for each restore that is in sync or has failed, for others to react to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync.aws import client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from table_sync.report import Report

SOURCE = "dynamodb-pitr-table-sync"
DETAIL_TYPE = "Table Sync Outcome"
# PutEvents takes ten entries a call (API reference), whose size is that of their parts (EventBridge user guide,
# Calculating PutEvents event entry size). Many targets take 256 KB, of which the event's other fields need some.
_MOST_ENTRIES = 10
_MOST_BYTES = 240_000
_LONGEST_REASON = 500


def put(reports: Sequence[Report], region: str, event_bus_arn: str = "") -> list[Exception | None]:
    """Send the event of each report; never raises.

    Args:
        reports: of which each is sent.
        region: in which the events are sent.
        event_bus_arn: the default bus if it is empty.

    Returns:
        of each report, why its event was not sent, None if it was.

    """
    unsent: dict[int, Exception] = {}
    entries: dict[int, dict[str, Any]] = {}
    bus = {"EventBusName": event_bus_arn} if event_bus_arn else {}
    for number, report in enumerate(reports):
        try:
            entries[number] = _entry(report) | bus
        except Exception as error:  # noqa: BLE001 (the caller decides what it means)
            unsent[number] = error
    for call in _calls(entries):
        unsent |= _put(call, region)
    return [unsent.get(number) for number in range(len(reports))]


def _put(entries: Mapping[int, dict[str, Any]], region: str) -> dict[int, Exception]:
    try:
        answer = client("events", region).put_events(Entries=list(entries.values()))
    except Exception as error:  # noqa: BLE001 (as above)
        return dict.fromkeys(entries, error)
    results = zip(entries, answer["Entries"], strict=True)
    # An entry may fail although the call does not (API reference, PutEventsResultEntry).
    return {number: _error(result) for number, result in results if result.get("ErrorCode")}


def _error(result: Mapping[str, str]) -> ClientError:
    error = {"Code": result["ErrorCode"], "Message": result.get("ErrorMessage", "")}
    return ClientError({"Error": error}, "PutEvents")


def _calls(entries: Mapping[int, dict[str, Any]]) -> Iterator[dict[int, dict[str, Any]]]:
    """Share entries out to as few calls as may take them."""
    call: dict[int, dict[str, Any]] = {}
    size = 0
    for number, entry in entries.items():
        if call and (len(call) == _MOST_ENTRIES or size + len(entry["Detail"]) > _MOST_BYTES):
            yield call
            call, size = {}, 0
        call[number] = entry
        size += len(entry["Detail"])
    if call:
        yield call


def _entry(report: Report) -> dict[str, Any]:
    return {
        "Source": SOURCE,
        "DetailType": DETAIL_TYPE,
        "Resources": [report.target, report.source],
        "Detail": _detail(report.as_dict()),
    }


def _detail(report: dict[str, Any]) -> str:
    """Return the report as ASCII; one that is too large goes without its changes, which the log has."""
    detail = json.dumps(report)
    if len(detail) <= _MOST_BYTES:
        return detail
    settings = {
        name: {"status": setting["status"], "reason": setting["reason"][:_LONGEST_REASON], "changes": []}
        for name, setting in report["settings"].items()
    }
    reason = {"reason": report["reason"][:_LONGEST_REASON]} if "reason" in report else {}
    return json.dumps(report | reason | {"settings": settings, "shortened": True})
