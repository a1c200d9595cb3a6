"""Remove what a rehearsal created, and nothing else. What is gone already is no obstacle, so it can be repeated.

The source table has the tag, and is removed last: as long as anything is left, it is found again.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from table_sync import aws, errors
from table_sync.command_line.rehearse.names import PREFIX, TAG, Names
from table_sync.errors import Meaning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# AWS deletes none that is being restored; Restores of empty tables took up to 13 minutes (live probe, October 2026).
LONGEST_SECONDS = 3600
PAUSE_SECONDS = 5
# DescribeTable may lag behind the call that creates a table.
_ATTEMPTS = 3
_CLOCK_SKEW = timedelta(seconds=60)
_PASSES = {Meaning.NOT_READY, Meaning.TRANSIENT, Meaning.ALREADY_SO}


class LeftError(Exception):
    """Something is left; the message is a clause that says what and why."""


def leftovers(region: str) -> Iterator[Names]:
    """Yield the rehearsals whose source table exists and has the tag of it.

    The tables are listed, because the tagging API lags behind, and each look costs a permission less.

    Raises:
        botocore.exceptions.ClientError: AWS refused.

    """
    dynamodb = aws.client("dynamodb", region)
    for page in dynamodb.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            names = Names.of(table) if table.startswith(PREFIX) else None
            if names and names.source == table and _is_tagged(dynamodb, names):
                yield names


def remove(names: Names, region: str, progress: Callable[[str], None]) -> list[str]:
    """Remove restored table, backups, alarms and source table, in this order.

    Args:
        names: of the rehearsal.
        region: where it was.
        progress: called with a sentence for each step.

    Returns:
        what was removed, in words.

    Raises:
        LeftError: AWS refused for good, or took too long.

    """
    removed: list[str] = []
    dynamodb = aws.client("dynamodb", region)
    deadline = time.monotonic() + LONGEST_SECONDS
    source = _described(dynamodb, names.source, deadline)
    if source is None:
        return removed
    if not _until(deadline, lambda: _is_tagged(dynamodb, names), f"the tag of {names.source}"):
        raise LeftError(f"{names.source} does not have the tag of the rehearsal, and is not touched")
    if _delete_table(dynamodb, names.target, deadline, progress, created_after=source["CreationDateTime"]):
        removed.append(f"table {names.target}")
    removed += _delete_backups(dynamodb, names, deadline)
    removed += _delete_alarms(names, region, deadline)
    if _delete_table(dynamodb, names.source, deadline, progress):
        removed.append(f"table {names.source}")
    return removed


def _is_tagged(dynamodb: Any, names: Names) -> bool:  # noqa: ANN401 (boto3 makes its clients at run time)
    arn = dynamodb.describe_table(TableName=names.source)["Table"]["TableArn"]
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return any(tag == {"Key": TAG, "Value": names.rehearsal_id} for page in pages for tag in page["Tags"])


def _described(dynamodb: Any, table: str, deadline: float) -> dict[str, Any] | None:  # noqa: ANN401 (as above)
    """Return a table's description, None if several attempts do not find it."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        found: dict[str, Any] | None = _until(deadline, lambda: _describe(dynamodb, table), table)
        if found:
            return found
    return None


def _describe(dynamodb: Any, table: str) -> dict[str, Any]:  # noqa: ANN401 (as above)
    """Return a table's description, {} if there is no such table."""
    try:
        found: dict[str, Any] = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}
    return found


def _delete_table(
    dynamodb: Any,  # noqa: ANN401 (as above)
    table: str,
    deadline: float,
    progress: Callable[[str], None],
    created_after: Any = None,  # noqa: ANN401 (a time)
) -> bool:
    """Delete a table, and wait until it is gone; return whether there was one."""
    found = _described(dynamodb, table, deadline)
    if found is None:
        return False
    created = found.get("CreationDateTime")
    if created_after and created and created < created_after - _CLOCK_SKEW:
        raise LeftError(f"{table} is older than the rehearsal, and not touched")
    reported = ""
    while found:
        if found["TableStatus"] not in {"DELETING", reported}:
            reported = found["TableStatus"]
            wait = ", and AWS deletes it only after that" if reported == "CREATING" else ""
            progress(f"Removing table {table}: it is {reported}{wait}")
        if found["TableStatus"] == "ACTIVE":
            _until(deadline, lambda: _let_go(dynamodb, table), f"table {table}")
        elif time.monotonic() > deadline:
            raise LeftError(f"table {table} is still {found['TableStatus']}")
        time.sleep(PAUSE_SECONDS)
        found = _until(deadline, lambda: _describe(dynamodb, table), f"table {table}")
    return True


def _let_go(dynamodb: Any, table: str) -> bool:  # noqa: ANN401 (as above)
    """Turn off what keeps a table or leaves something of it, and delete it."""
    described = _describe(dynamodb, table)
    if not described or described["TableStatus"] != "ACTIVE":
        return False
    if described.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    if backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED":
        # A table that has it leaves a backup for 35 days (developer guide, Point-in-time recovery).
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        )
    if dynamodb.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] in {"ENABLED", "ENABLING"}:
        dynamodb.update_contributor_insights(TableName=table, ContributorInsightsAction="DISABLE")
    dynamodb.delete_table(TableName=table)
    return True


def _delete_backups(dynamodb: Any, names: Names, deadline: float) -> list[str]:  # noqa: ANN401 (as above)
    def delete() -> list[str]:
        found = dynamodb.list_backups(TableName=names.source, BackupType="USER")["BackupSummaries"]
        own = [backup for backup in found if backup["BackupName"] == names.source]
        for backup in own:
            dynamodb.delete_backup(BackupArn=backup["BackupArn"])
        return [f"backup {backup['BackupArn']}" for backup in own]

    removed: list[str] = _until(deadline, delete, f"the backup of {names.source}")
    return removed


def _delete_alarms(names: Names, region: str, deadline: float) -> list[str]:
    cloudwatch = aws.client("cloudwatch", region)

    def delete() -> list[str]:
        found = cloudwatch.describe_alarms(AlarmNamePrefix=names.source, AlarmTypes=["MetricAlarm"])["MetricAlarms"]
        own = [alarm["AlarmName"] for alarm in found if _watches(alarm, names)]
        if own:
            cloudwatch.delete_alarms(AlarmNames=own)
        return [f"alarm {name}" for name in own]

    removed: list[str] = _until(deadline, delete, f"alarms on {names.source}")
    return removed


def _watches(alarm: dict[str, Any], names: Names) -> bool:
    tables = {dimension["Value"] for dimension in alarm.get("Dimensions", []) if dimension["Name"] == "TableName"}
    return bool(tables) and tables <= {names.source, names.target}


def _until(deadline: float, call: Callable[[], Any], what: str) -> Any:  # noqa: ANN401 (what the call returns)
    """Return what a call returns, repeated while AWS is busy."""
    while True:
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            passes = errors.meaning(error) in _PASSES or "protected against deletion" in str(error)
            if not passes or time.monotonic() > deadline:
                raise LeftError(f"{what}: {errors.explain(error).rstrip('.')}") from error
        time.sleep(PAUSE_SECONDS)
