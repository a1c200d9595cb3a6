"""One rehearsal: create a table, restore it, watch the deployed module, and compare."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from table_sync import aws, errors
from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.rehearse import tables
from table_sync.errors import Meaning
from table_sync.report import FAILED, IN_SYNC
from table_sync.restore import Restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from table_sync.command_line.doctor.deployment import Deployment
    from table_sync.command_line.rehearse.names import Names
    from table_sync.config import Config

WAYS = {"point-in-time": "RestoreTableToPointInTime", "backup": "RestoreTableFromBackup"}
PAUSE_SECONDS = 5
# After the module has reported in_sync, what AWS still enables and reads that lag behind writes.
_COMPARE_SECONDS = 120
_BEGUN = {"TableAlreadyExistsException", "TableInUseException"}
_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException"}


class Outcome(StrEnum):
    """How a rehearsal ends."""

    IN_SYNC = "in_sync"
    DIFFERS = "differs"
    FAILED = "failed"
    """The module reported so."""
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    ERROR = "error"
    """A call of the rehearsal itself failed."""


@dataclass
class Report:
    """What was seen so far; times are seconds of the epoch."""

    names: Names
    way: str
    outcome: Outcome = Outcome.ERROR
    reason: str = ""
    steps: dict[str, float] = field(default_factory=dict)
    """When each step was seen, by its name."""
    attempts: int = 0
    """Lines of attempts in the function's log."""
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    """Of source and restored table, by setting."""
    removed: list[str] = field(default_factory=list)
    left: str = ""
    """What could not be removed, and why."""

    @property
    def differing(self) -> list[str]:
        """Names of the settings that differ."""
        return [name for name, (source, target) in self.settings.items() if source != target]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        called = self.steps.get(CALLED)
        steps = [
            {
                "step": name,
                "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
                **({"seconds_after_the_call": round(at - called, 1)} if called else {}),
            }
            for name, at in self.steps.items()
        ]
        settings = {
            name: {"source": source, "target": target, "equal": source == target}
            for name, (source, target) in self.settings.items()
        }
        return {
            "rehearsal": self.names.rehearsal_id,
            "way": self.way,
            "outcome": self.outcome.value,
            **({"reason": self.reason} if self.reason else {}),
            "source": self.names.source,
            "target": self.names.target,
            "steps": steps,
            "attempts": self.attempts,
            "settings": settings,
            "removed": self.removed,
            **({"left": self.left} if self.left else {}),
        }


CREATED = "source table ready"
CALLED = "restore called"
FIRST_ATTEMPT = "event received, first attempt"
ACTIVE = "restored table ACTIVE"
SYNCED = "in sync, as the function reports"
EQUAL = "equal, by plain API calls"


class Rehearsal:
    """Creates and restores a table; removal.py takes both away."""

    def __init__(  # noqa: PLR0913, PLR0917 (each is a fact of the rehearsal)
        self,
        deployment: Deployment,
        config: Config,
        names: Names,
        way: str,
        timeout: float,
        progress: Callable[[str], None],
    ) -> None:
        """Prepare, without a call.

        Args:
            deployment: of the module.
            config: of its function.
            names: of the rehearsal.
            way: of WAYS.
            timeout: seconds from the restore call to equal settings.
            progress: called with a sentence for each step.

        """
        self._deployment = deployment
        self._names = names
        self._settings = [name for name in tables.SETTINGS if name in config.enabled]
        self._config = config
        self._timeout = timeout
        self._progress = progress
        self._dynamodb = aws.client("dynamodb", deployment.region)
        self._log_readable = True
        self.report = Report(names, way)

    @property
    def settings(self) -> list[str]:
        """Names of the settings that the source table gets, and that are compared."""
        return self._settings

    def check(self) -> None:
        """Make sure that the module would process the restore; makes reads only.

        Raises:
            CommandError: it would not.

        """
        where = self._deployment.location
        restore = Restore(where.table_arn(self._names.source), where.table_arn(self._names.target))
        if not self._config.table_filter.admits(restore):
            raise CommandError(
                f"include_tables or exclude_tables of {self._deployment.name} leave out {self._names.source}: allow "
                f"{self._names.source[: -len(self._names.rehearsal_id)]}*"
            )
        rule = self._deployment.rule_names[self.report.way]
        if self._deployment.rule(rule) is None:
            raise CommandError(
                f"There is no rule {rule}, so {self._deployment.name} does not process this restore: add it to "
                "restore_types, or choose another --way"
            )

    def run(self) -> None:
        """Go through all steps; `report` has what was seen, whatever happens.

        Raises:
            botocore.exceptions.ClientError: AWS refused a call for good.

        """
        source = self._create()
        self._restore(source)
        self._watch()

    def _create(self) -> str:
        """Create the source table with its settings; return its ARN."""
        names, region = self._names, self._deployment.region
        self._progress(f"Creating table {names.source} with {', '.join(self._settings)}")
        tables.create(names, region, self._settings)
        arn = str(self._when_active(names.source)["TableArn"])
        steps = tables.steps_after_active(names, region, arn, self._settings, self.report.way)
        for call in steps.values():
            self._repeat(call)
        self._wait(self._source_is_ready, f"the settings of {names.source}")
        self._saw(CREATED)
        return arn

    def _source_is_ready(self) -> bool:
        """Say whether AWS shows all settings of the source."""
        found = tables.settings_of(self._names.source, self._deployment.region, self._settings)
        table = self._dynamodb.describe_table(TableName=self._names.source)["Table"]
        return table["TableStatus"] == "ACTIVE" and all(found.values())

    def _restore(self, source: str) -> None:
        names = self._names
        if self.report.way == "backup":
            backup = self._repeat(
                lambda: self._dynamodb.create_backup(TableName=names.source, BackupName=names.source)
            )["BackupDetails"]["BackupArn"]
            self._wait(lambda: self._backup_is_available(backup), "the backup")
            restore = lambda: self._dynamodb.restore_table_from_backup(  # noqa: E731 (called once)
                TargetTableName=names.target, BackupArn=backup
            )
        else:
            restore = lambda: self._dynamodb.restore_table_to_point_in_time(  # noqa: E731 (as above)
                SourceTableArn=source, TargetTableName=names.target, UseLatestRestorableTime=True
            )
        self._progress(f"Restoring it as {names.target} ({WAYS[self.report.way]})")
        self.report.steps[CALLED] = time.time()
        try:
            # Recovery points of a new table come after a while.
            self._repeat(restore, "InvalidRestoreTimeException", "PointInTimeRecoveryUnavailableException")
        except ClientError as error:
            # Nobody else uses the name: an earlier call whose answer was lost has begun it.
            if error.response["Error"]["Code"] not in _BEGUN:
                del self.report.steps[CALLED]
                raise

    def _backup_is_available(self, arn: str) -> bool:
        found = self._dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        return bool(found["BackupStatus"] == "AVAILABLE")

    def _watch(self) -> None:
        """Follow the restored table and the function's log until the settings are equal, or will not be."""
        report, called = self.report, self.report.steps[CALLED]
        deadline = time.monotonic() + self._timeout
        reported: dict[str, Any] = {}
        while True:
            if ACTIVE not in report.steps and self._status(self._names.target) == "ACTIVE":
                self._saw(ACTIVE)
            reported = self._read_log(called) or reported
            if reported.get("outcome") == FAILED:
                report.outcome, report.reason = Outcome.FAILED, str(reported.get("reason", ""))
                self._compare()
                return
            # Without the log, what the tables have decides.
            if ACTIVE in report.steps and (reported.get("outcome") == IN_SYNC or not self._log_readable):
                self._compare()
                if not report.differing:
                    self._saw(EQUAL)
                    report.outcome = Outcome.IN_SYNC
                    return
                if SYNCED in report.steps and time.time() > report.steps[SYNCED] + _COMPARE_SECONDS:
                    report.outcome = Outcome.DIFFERS
                    report.reason = f"the function reports in_sync, but {', '.join(report.differing)} differ"
                    return
            if time.monotonic() > deadline:
                report.outcome = Outcome.TIMEOUT
                report.reason = self._why_not_yet(reported)
                return
            time.sleep(PAUSE_SECONDS)

    def _why_not_yet(self, reported: dict[str, Any]) -> str:
        if ACTIVE not in self.report.steps:
            return f"{self._names.target} was not ACTIVE after {self._timeout:g} s: raise --timeout"
        if self._log_readable and not reported:
            return "the function made no attempt: run table-sync doctor"
        waiting = f"the function waits: {reported['reason']}" if reported.get("reason") else "it is not in sync"
        return f"{waiting} after {self._timeout:g} s"

    def _compare(self) -> None:
        region = self._deployment.region
        try:
            source, target = (
                tables.settings_of(name, region, self._settings) for name in (self._names.source, self._names.target)
            )
        except ClientError as error:
            if errors.meaning(error) not in {Meaning.NOT_READY, Meaning.TRANSIENT}:
                raise
            self.report.settings = dict.fromkeys(self._settings, (None, "not readable yet"))
            return
        self.report.settings = {name: (source[name], target[name]) for name in self._settings}

    def _read_log(self, since: float) -> dict[str, Any]:
        """Return the newest report of the function on the restored table, {} if there is none, or no permission."""
        if not self._log_readable:
            return {}
        configuration = self._deployment.function()
        group = configuration.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{self._deployment.name}")
        logs = aws.client("logs", self._deployment.region)
        target = self._deployment.location.table_arn(self._names.target)
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since * 1000), filterPattern=f'{{ $.target = "{target}" }}'
            )
            events = sorted((event for page in pages for event in page["events"]), key=lambda event: event["timestamp"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _NOT_ALLOWED:
                self._log_readable = False
                self._progress("logs:FilterLogEvents is not allowed: the tables themselves are compared instead")
            elif code != "ResourceNotFoundException" and errors.meaning(error) is not Meaning.TRANSIENT:
                raise
            return {}
        lines = [(event["timestamp"] / 1000, json.loads(event["message"])) for event in events]
        reports = [(at, line) for at, line in lines if "outcome" in line]
        self.report.attempts = len(reports)
        for at, line in reports:
            self._saw(FIRST_ATTEMPT, at)
            if line["outcome"] == IN_SYNC:
                self._saw(SYNCED, at)
        return reports[-1][1] if reports else {}

    def _saw(self, step: str, at: float | None = None) -> None:
        if step in self.report.steps:
            return
        now = time.time() if at is None else at
        self.report.steps[step] = now
        called = self.report.steps.get(CALLED)
        after = f", {now - called:.0f} s after the restore call" if called else ""
        self._progress(f"{step[:1].upper()}{step[1:]}{after}")

    def _status(self, table: str) -> str:
        """Return a table's status, "" if it is not found (yet)."""
        try:
            return str(self._dynamodb.describe_table(TableName=table)["Table"]["TableStatus"])
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return ""

    def _when_active(self, table: str) -> dict[str, Any]:
        self._wait(lambda: self._status(table) == "ACTIVE", f"table {table}")
        description: dict[str, Any] = self._dynamodb.describe_table(TableName=table)["Table"]
        return description

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + self._timeout
        while not self._repeat(condition):
            if time.monotonic() > deadline:
                raise CommandError(f"AWS was not ready with {what} within {self._timeout:g} s: raise --timeout")
            time.sleep(PAUSE_SECONDS)

    def _repeat(self, call: Callable[[], Any], *codes: str) -> Any:  # noqa: ANN401 (what the call returns)
        """Return what a call returns, repeated while AWS is busy, or answers one of these codes."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return call()
            except (BotoCoreError, ClientError) as error:
                code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
                passes = errors.meaning(error) in {Meaning.NOT_READY, Meaning.TRANSIENT} and code not in _BEGUN
                if not (passes or code in codes) or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_SECONDS)
