"""Direct invocation: two tables are synced once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from table_sync import telemetry
from table_sync.aws import Location, Table, is_table_arn, is_table_name
from table_sync.records import record
from table_sync.report import Outcome, Report
from table_sync.selected_settings import SelectionError, select_settings
from table_sync.settings import SETTINGS
from table_sync.settings.setting import Status
from table_sync.sync import Reconciliation
from table_sync.time_sharing import converge
from table_sync.which_source import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from table_sync.config import Config

_KEYS = ("source_table", "target_table", "dry_run", "only", "allow_younger_source", "record", "version_id")
# API reference, GetObject, versionId: an opaque text of at most 1024 bytes.
_LONGEST_VERSION_ID = 1024


class InvocationRefusedError(Exception):
    """The payload asks for nothing that can be done; the message is a sentence that says why and what to do."""


@dataclass(frozen=True)
class Invocation:
    """What an invocation asks for."""

    source: Table
    target: Table
    dry_run: bool
    selected: frozenset[str] | None
    """Names of the settings to sync, None for all."""
    allow_younger_source: bool
    record: str
    """Key of the record to use, "" for none."""
    version_id: str
    """Of the record, "" for its newest version."""


def serve(
    payload: Any,  # noqa: ANN401 (any JSON)
    config: Config,
    own: Location,
    seconds_left: Callable[[], float],
) -> Report:
    """Do what an invocation asks for, once; one that is refused has the outcome `failed`, and writes nothing.

    Args:
        payload: see parse.
        config: of the function.
        own: where the function is.
        seconds_left: how long the invocation may still take.

    """
    try:
        asked = parse(payload, own, config.enabled, config.records_bucket)
    except InvocationRefusedError as refusal:
        return _refused(payload, str(refusal))
    reconciliation = Reconciliation(
        asked.source,
        asked.target,
        config.enabled,
        dry_run=asked.dry_run,
        adapt=config.adapt,
        selected=asked.selected,
        allow_younger_source=asked.allow_younger_source,
        records=Records(config.records_bucket, own.region, asked.record, asked.version_id),
    )
    converge([reconciliation], seconds_left)
    telemetry.log(reconciliation.report, dry_run=asked.dry_run)
    telemetry.count([reconciliation.report], dry_run=asked.dry_run)
    return reconciliation.report


def _refused(payload: Any, reason: str) -> Report:  # noqa: ANN401 (any JSON)
    refusal = Outcome(Status.FAILED, reason)
    given = payload if isinstance(payload, dict) else {}
    tables = (str(given.get("source_table", "")), str(given.get("target_table", "")))
    return Report(*tables, {setting.NAME: refusal for setting in SETTINGS}, refusal)


def parse(
    payload: Any,  # noqa: ANN401 (any JSON)
    own: Location,
    enabled: Collection[str],
    records_bucket: str = "",
) -> Invocation:
    """Read the payload of an invocation by hand.

    Args:
        payload: {"source_table": ..., "target_table": ...} with names or ARNs, and optionally `dry_run` (false), `only`
            (a list of settings), `allow_younger_source` (false), `record` (the key of a record of the source) and
            `version_id` (of the record).
        own: where the function is. Its role can read tables of its account in any Region, and write in its own. Of
            another account's table it can read a record.
        enabled: names of the settings whose toggle is on.
        records_bucket: name of the bucket of records, "" if there is none.

    Raises:
        InvocationRefusedError: the payload has another type, another key or a value that is not allowed.

    """
    if not isinstance(payload, dict):
        raise InvocationRefusedError("The payload is not an object: give one with source_table and target_table.")
    unknown = [key for key in payload if key not in _KEYS]
    if unknown:
        raise InvocationRefusedError(f"There is no key {unknown[0]!r}: choose from {', '.join(_KEYS)}.")
    source = _table(payload, "source_table", own, other_accounts=bool(records_bucket))
    target = _table(payload, "target_table", own)
    if target.region != own.region:
        raise InvocationRefusedError(
            f"target_table is in {target.region}, but this function only writes in {own.region}: invoke the function "
            f"of {target.region}."
        )
    return Invocation(
        source,
        target,
        dry_run=_flag(payload, "dry_run"),
        selected=_selected(payload, enabled),
        allow_younger_source=_flag(payload, "allow_younger_source"),
        record=_record(payload, source, records_bucket),
        version_id=_version_id(payload),
    )


def _table(payload: Mapping[str, Any], key: str, own: Location, *, other_accounts: bool = False) -> Table:
    table = payload.get(key)
    if is_table_name(table):
        return Table(own.table_arn(table))
    if not is_table_arn(table):
        raise InvocationRefusedError(f"{key} is {table!r}: give the name or the ARN of a table.")
    found = Location.of(table)
    # Of another account's table, the bucket may have a record.
    if found.partition != own.partition or (found.account != own.account and not other_accounts):
        raise InvocationRefusedError(
            f"{key} is in another account or partition: give a table of account {own.account} ({own.partition})."
        )
    return Table(table)


def _flag(payload: Mapping[str, Any], key: str) -> bool:
    flag = payload.get(key, False)
    if not isinstance(flag, bool):
        raise InvocationRefusedError(f"{key} is {flag!r}: give true or false.")
    return flag


def _record(payload: Mapping[str, Any], source: Table, bucket: str) -> str:
    if "record" not in payload:
        return ""
    key = payload["record"]
    if not isinstance(key, str) or not record.is_key_of(source, key):
        raise InvocationRefusedError(
            f"record is {key!r}: give the key of a record of source_table, {record.prefix(source)}TABLE_ID.json."
        )
    if not bucket:
        raise InvocationRefusedError("record names a record, but there is no bucket: set enable_records to true.")
    return key


def _version_id(payload: Mapping[str, Any]) -> str:
    if "version_id" not in payload:
        return ""
    version_id = payload["version_id"]
    if not isinstance(version_id, str) or not 0 < len(version_id) <= _LONGEST_VERSION_ID:
        raise InvocationRefusedError(f"version_id is {version_id!r}: give the version of an S3 object.")
    if "record" not in payload:
        raise InvocationRefusedError("version_id needs record: give the key of the record, too.")
    return version_id


def _selected(payload: Mapping[str, Any], enabled: Collection[str]) -> frozenset[str] | None:
    if "only" not in payload:
        return None
    names = payload["only"]
    if not isinstance(names, list):
        raise InvocationRefusedError(f"only is {names!r}: give a list of settings.")
    try:
        selected = select_settings(names, "only")
    except SelectionError as error:
        raise InvocationRefusedError(str(error)) from error
    off = [setting for setting in SETTINGS if setting.NAME in selected and setting.NAME not in enabled]
    if off:
        raise InvocationRefusedError(f"only has {off[0].NAME}, but {off[0].TOGGLE} is false: set it to true.")
    return selected
