"""One reconcile pass over the settings, and converge()."""

from __future__ import annotations

import math
import time
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from table_sync import errors
from table_sync.aws import Table, TableNotFoundError
from table_sync.errors import Meaning
from table_sync.report import Outcome, Report
from table_sync.settings import SETTINGS
from table_sync.settings.setting import Change, Obstacle, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from table_sync.settings.setting import Need, Setting

# Pauses between the looks of one attempt, in seconds. After ACTIVE, point-in-time recovery is available and a stream
# or a Kinesis destination is there within 2 to 7 s, and one UpdateTable follows another after 4 to 6 s (live probe,
# October 2026); event source mappings take longer. What takes longer still waits in the queue. More looks would find
# out little sooner, and each takes calls from rates that all restores share.
PAUSES = (5, 5, 5, 4)
# What is kept for the end of an attempt, in seconds: one call that AWS does not answer takes 26 (table_sync.aws).
LOOK_SECONDS = 30
# A table that was created so long after the event of a restore is not the one that was restored. The answer to the call
# has a CreationDateTime already (AWS CLI reference, restore-table-to-point-in-time, Examples); should AWS set it anew
# at the restore's end, the table is not taken for another.
_LONGEST_RESTORE = timedelta(days=2)
# What counts most in a setting of which one part is still pending and another has failed, and so on.
_PRECEDENCE = (Status.PENDING, Status.FAILED, Status.PLANNED, Status.APPLIED, Status.SKIPPED, Status.UNCHANGED)


class Reconciliation:
    """The way of one target to its source's settings; each look does what is missing."""

    def __init__(  # noqa: PLR0913 (each is a fact of the reconciliation)
        self,
        source: Table,
        target: Table,
        enabled: Collection[str],
        *,
        dry_run: bool = False,
        looks_for_target: float = 1,
        adapt: Mapping[str, Callable[[Any], Any]] | None = None,
        restored_at: datetime | None = None,
    ) -> None:
        """Prepare, without a call.

        Args:
            source: is never written to.
            target: the restored table.
            enabled: names of the settings whose toggle is on.
            dry_run: list the changes, write nothing.
            looks_for_target: so many looks in a row have to miss the target until it counts as gone. With math.inf
                each attempt looks once, and it never does.
            adapt: by setting, what makes of the source's value the one that the target shall have.
            restored_at: when an event told of the restore. A target that cannot be of that restore is refused.

        """
        self._source = source
        self._target = target
        self._dry_run = dry_run
        self._looks_for_target = looks_for_target
        self._adapt = adapt or {}
        self._restored_at = restored_at
        self._sources: dict[str, Any] = {}
        self._outdated = True
        self._applied: dict[str, list[Change]] = {setting.NAME: [] for setting in SETTINGS}
        self._outcomes = {
            setting.NAME: Outcome(Status.PENDING, "not looked at yet")
            if setting.NAME in enabled
            else Outcome(Status.SKIPPED, f"{setting.TOGGLE} is false")
            for setting in SETTINGS
        }
        self._whole: Outcome | None = None
        self._due = set(enabled)

    @property
    def settling(self) -> bool:
        """Whether another look within seconds may find more: AWS is still working."""
        return bool(self._due)

    @property
    def report(self) -> Report:
        """What the looks so far came to."""
        return Report(self._source.arn, self._target.arn, self._outcomes, self._whole)

    def look(self, seconds_left: Callable[[], float] = lambda: math.inf) -> None:
        """Compare source and target once, and do what is missing. Never raises.

        The first look is at every setting, later ones are at those that are settling: what is throttled can wait. What
        `seconds_left` leaves no time for is left to another look.
        """
        due, self._due = self._due, set()
        self._target.forget()
        self._whole = self._obstruction(due)
        for setting in SETTINGS:
            if setting.NAME not in due:
                continue
            if self._whole or seconds_left() > LOOK_SECONDS:
                self._outcomes[setting.NAME] = self._whole or self._look_at(setting)
            else:
                self._due.add(setting.NAME)
        if self._dry_run:
            self._due.clear()

    def _obstruction(self, due: set[str]) -> Outcome | None:
        """Describe both tables; return why no setting can be looked at, if so."""
        if self._source.arn == self._target.arn:
            return Outcome(Status.FAILED, "source and target are the same table")
        if self._source.account != self._target.account:
            return Outcome(Status.FAILED, "the source is in another account, whose settings cannot be read from here")
        try:
            return self._describe_target(due) or self._describe_source()
        except Exception as error:  # noqa: BLE001 (what it means is decided below)
            return Outcome(*_judge(error))

    def _describe_target(self, due: set[str]) -> Outcome | None:
        # Only UpdateTable changes what DescribeTable tells, and a refusal may show that somebody else has called it.
        if self._target.settled and not self._outdated:
            return None
        try:
            self._target.describe()
            self._outdated = False
        except TableNotFoundError as error:
            self._looks_for_target -= 1
            if 0 < self._looks_for_target < math.inf:
                self._due = due
            return Outcome(Status.PENDING if self._looks_for_target > 0 else Status.FAILED, str(error))
        if self._restored_at and (stranger := self._stranger(self._restored_at)):
            return Outcome(Status.FAILED, stranger)
        if self._target.status in {"ACTIVE", "UPDATING"}:
            return None
        return Outcome(Status.PENDING, f"the target is {self._target.status}")

    def _stranger(self, restored_at: datetime) -> str:
        """Say so if another table has the target's name by now: it shall not get what this restore has dropped."""
        # It is there only while the table is CREATING (live probe, October 2026).
        source = self._target.description.get("RestoreSummary", {}).get("SourceTableArn", self._source.arn)
        if source != self._source.arn:
            return f"the target is another table of that name, which is being restored from {source}"
        created = self._target.description.get("CreationDateTime", restored_at)
        if created - restored_at > _LONGEST_RESTORE:
            return f"the target is another table of that name, created at {created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return ""

    def _describe_source(self) -> Outcome | None:
        if not self._source.description:
            try:
                self._source.describe()
            except TableNotFoundError as error:
                return Outcome(Status.FAILED, f"{error} Its settings cannot be read any more.")
        return None

    def _look_at(self, setting: Setting[Any]) -> Outcome:
        try:
            return self._reconcile(setting)
        except Exception as error:  # noqa: BLE001 (one setting's failure never stops another)
            self._outdated = True
            if errors.meaning(error) is Meaning.SETTLING:
                self._due.add(setting.NAME)
            return Outcome(*_judge(error))

    def _reconcile(self, setting: Setting[Any]) -> Outcome:
        unmet = setting.NEEDS and self._unmet(setting.NAME, setting.NEEDS)
        if unmet:
            return unmet
        if setting.NAME not in self._sources:
            self._sources[setting.NAME] = self._adapt.get(setting.NAME, _unchanged)(setting.read(self._source))
        source = self._sources[setting.NAME]
        if not source:
            return Outcome(Status.UNCHANGED)
        if setting.REGION_BOUND and self._source.region != self._target.region:
            reason = f"the source's are in {self._source.region}, the target is in {self._target.region}"
            return Outcome(Status.SKIPPED, reason)
        if setting.NEEDS and setting.NEEDS.there and self._target.updating and not self._dry_run:
            self._due.add(setting.NAME)
            return Outcome(Status.PENDING, self._target.updating)
        steps = setting.plan(source, setting.read(self._target))
        differs = any(isinstance(step, Obstacle) and step.differs for step in steps)
        changes, results = self._sorted(setting, steps)
        if any(status is Status.PENDING for status, _ in results):
            self._due.add(setting.NAME)
        if self._dry_run:
            results += [(Status.PLANNED, change.awaits) for change in changes]
            return _outcome(results, changes, differs=differs)
        results += self._write(setting, changes)
        applied = self._applied[setting.NAME]
        return _outcome([*results, *[(Status.APPLIED, "")] * bool(applied)], applied, differs=differs)

    def _unmet(self, name: str, need: Need) -> Outcome | None:
        """Return why what a setting lives on is not there, or not yet; made without a call."""
        there = need.there and need.there(self._target)
        status = self._outcomes[need.setting].status
        if there and status is Status.FAILED and not need.of_part:
            return Outcome(Status.SKIPPED, f"{need.setting} has failed")
        if there or status is Status.PLANNED:
            return None
        if status is Status.PENDING:
            if need.setting in self._due:
                self._due.add(name)
            return Outcome(Status.PENDING, f"{need.setting} is pending")
        if there is False:
            return Outcome(Status.SKIPPED, f"the target has no {need.setting}")
        return Outcome(Status.SKIPPED, f"{need.setting} is skipped") if status is Status.SKIPPED else None

    def _sorted(
        self, setting: Setting[Any], steps: Sequence[Change | Obstacle]
    ) -> tuple[list[Change], list[tuple[Status, str]]]:
        """Return the changes that can be made, and what there is to say of the other steps."""
        needed = self._outcomes[setting.NEEDS.setting].status if setting.NEEDS else None
        given_up = needed in {Status.FAILED, Status.SKIPPED}
        changes, results = [], []
        for step in steps:
            if isinstance(step, Obstacle):
                results.append((step.status, step.reason))
            elif step.awaits and (given_up or not self._dry_run):
                results.append((Status.SKIPPED if given_up else Status.PENDING, step.awaits))
            else:
                changes.append(step)
        return changes, results

    def _write(self, setting: Setting[Any], changes: Sequence[Change]) -> list[tuple[Status, str]]:
        """Apply changes; return what stands in the way of calling them done."""
        applied = self._applied[setting.NAME]
        results = []
        refused: set[str] = set()
        for change in changes:
            if change.part in refused:
                continue
            if change.undone and change in applied:
                results.append((Status.FAILED, change.undone))
                continue
            try:
                working = setting.apply(change, self._target)
            except Exception as error:  # noqa: BLE001 (one change's failure never stops another)
                meaning = errors.meaning(error)
                self._outdated = True
                results.append(_judge(error))
                if meaning in {Meaning.SETTLING, Meaning.ALREADY_SO}:
                    self._due.add(setting.NAME)
                if meaning is Meaning.TRANSIENT:
                    break
                if meaning is Meaning.FINAL and change.part:
                    refused.add(change.part)
            else:
                self._target.forget()
                applied.append(change)
                self._outdated |= change.operation == "UpdateTable"
                if working:
                    self._due.add(setting.NAME)
                    results.append((Status.PENDING, working))
        return results


def _unchanged(value: Any) -> Any:  # noqa: ANN401 (the value of any setting)
    return value


def _judge(error: Exception) -> tuple[Status, str]:
    status = Status.FAILED if errors.meaning(error) is Meaning.FINAL else Status.PENDING
    return status, errors.explain(error)


def _outcome(results: Sequence[tuple[Status, str]], changes: Sequence[Change], *, differs: bool) -> Outcome:
    status = min((status for status, _ in results), key=_PRECEDENCE.index, default=Status.UNCHANGED)
    return Outcome(status, "; ".join(reason for _, reason in results if reason), tuple(changes), differs)


def converge(reconciliations: Sequence[Reconciliation], seconds_left: Callable[[], float]) -> None:
    """Look at each restore, then again at those on which AWS is only seconds from done.

    Args:
        reconciliations: the restores of one invocation; they wait together, not one after another.
        seconds_left: how long the invocation may still take.

    """
    for reconciliation in reconciliations:
        if seconds_left() > LOOK_SECONDS:
            reconciliation.look(seconds_left)
    for pause in PAUSES:
        settling = [reconciliation for reconciliation in reconciliations if reconciliation.settling]
        if not settling or seconds_left() < pause + LOOK_SECONDS:
            return
        time.sleep(pause)
        for reconciliation in settling:
            if seconds_left() > LOOK_SECONDS:
                reconciliation.look(seconds_left)
