"""One reconcile pass over the settings of a restored table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from table_sync import errors, not_copied
from table_sync.aws import Table, TableNotFoundError, not_ready, time_limit
from table_sync.errors import Meaning, OutOfTimeError
from table_sync.report import LIVE, Outcome, Report, combined
from table_sync.settings import SETTINGS, complete, read
from table_sync.settings.setting import Change, Obstacle, Status
from table_sync.source import Source, why_skipped
from table_sync.time_sharing import RESERVED_SECONDS, share
from table_sync.which_source import Records, SourceFinder
from table_sync.which_tables import another_target, swapped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from table_sync.restore import Restore
    from table_sync.settings.setting import Need, Setting

# So many writes make a setting one that takes long.
_MANY_WRITES = 10


class Reconciliation:
    """Makes the settings of one target equal to its source's; each pass does what is missing."""

    def __init__(  # noqa: PLR0913 (each is a fact of the reconciliation)
        self,
        source: Table,
        target: Table,
        enabled: Collection[str],
        *,
        dry_run: bool = False,
        passes_to_find_target: float = 1,
        adapt: Mapping[str, Callable[[Any], Any]] | None = None,
        restore: Restore | None = None,
        selected: Collection[str] | None = None,
        allow_younger_source: bool = True,
        left_out: dict[str, list[tuple[Change, str]]] | None = None,
        records: Records | None = None,
        attempt: int = 1,
    ) -> None:
        """Prepare, without a call.

        Args:
            source: the table that was restored, or its name if it is gone. It is never written to.
            target: the restored table.
            enabled: names of the settings whose toggle is on.
            dry_run: list the changes, write nothing.
            passes_to_find_target: after so many passes in a row without the target, it counts as deleted. With math.inf
                each attempt makes one pass, and it never does.
            adapt: by setting, what makes of the source's value the one that the target shall have.
            restore: what an event says about the restore, None if there is no event. A target that cannot be of that
                restore is refused, and a source that cannot be of it counts as gone.
            selected: names of the settings to sync if not all: the others are skipped.
            allow_younger_source: sync even if the source was created after the target.
            left_out: by setting, changes that refer to something that does not exist, with the reason. They are neither
                planned nor written, and those that this reconciliation finds are added.
            records: of sources that are gone, if there are any.
            attempt: number of this attempt at the restore.

        """
        self._table = source
        self._target = target
        self._finder = SourceFinder(source, target, restore, records, attempt)
        self._source: Source | None = None
        self._dry_run = dry_run
        self._passes_to_find_target = passes_to_find_target
        self._adapt = adapt or {}
        self._restore = restore
        self._allow_younger_source = allow_younger_source
        self._left_out = {} if left_out is None else left_out
        self._sources: dict[str, Any] = {}
        self._complete: set[str] = set()
        self._outdated = True
        self._applied: dict[str, list[Change]] = {setting.NAME: [] for setting in SETTINGS}
        self._due = {name for name in enabled if selected is None or name in selected}
        self._outcomes = {
            setting.NAME: Outcome(Status.PENDING, "not compared yet")
            if setting.NAME in self._due
            else Outcome(Status.SKIPPED, "not selected" if setting.NAME in enabled else f"{setting.TOGGLE} is false")
            for setting in SETTINGS
        }
        self._whole: Outcome | None = None
        self._unfinished: set[str] = set()

    @property
    def unfinished(self) -> bool:
        """Whether a setting ran out of its share of the time, so that another pass at once continues it."""
        return bool(self._unfinished)

    @property
    def not_ready(self) -> bool:
        """Whether another pass within seconds may find more: AWS is still working."""
        return bool(self._due)

    @property
    def report(self) -> Report:
        """The result of the passes so far."""
        source = self._source
        found = not_copied.sentences(source.table, self._target) if source and source.kind == LIVE else ()
        settings_from = source.as_dict() if source else None
        return Report(
            self._table.arn,
            self._target.arn,
            self._outcomes,
            self._whole,
            tuple(found),
            settings_from,
            source.why if source else "",
        )

    def run_pass(
        self,
        seconds_left: Callable[[], float] = lambda: math.inf,
        of_region: dict[tuple[str, str], Any] | None = None,
        *,
        last: bool = True,
    ) -> None:
        """Compare source and target once, and do what is missing. Never raises.

        The first pass compares every setting, later ones only those that AWS is still working on: what is throttled
        can wait. If settings are unfinished, the pass only continues those.

        Args:
            seconds_left: how long the invocation may still take. What it leaves no time for is left to another pass.
            of_region: what passes of the same invocation share (Table.of_region).
            last: whether no other restore waits for its turn.

        """
        due = self._unfinished or self._due
        self._due, self._unfinished = self._due - due, set()
        self._target.forget()
        self._target.of_region = {} if of_region is None else of_region
        self._table.of_region = self._target.of_region
        if self._source:
            self._source.table.of_region = self._target.of_region
        self._whole = self._obstruction(due)
        names = [setting.NAME for setting in SETTINGS if setting.NAME in due]
        for setting in SETTINGS:
            if setting.NAME not in due:
                continue
            if self._whole:
                self._outcomes[setting.NAME] = self._whole
            elif seconds_left() > RESERVED_SECONDS:
                with time_limit(share(seconds_left, whole=last and names[-1] == setting.NAME)):
                    self._outcomes[setting.NAME] = self._outcome_of(setting)
            else:
                self._due.add(setting.NAME)
        if self._dry_run:
            self._due.clear()

    def _obstruction(self, due: set[str]) -> Outcome | None:
        """Describe both tables; return why no setting can be compared, if so."""
        if refusal := self._finder.refusal():
            return Outcome(Status.FAILED, refusal)
        try:
            if obstruction := self._describe_target(due):
                self._finder.wait()
                return obstruction
            return self._find_source()
        except Exception as error:  # noqa: BLE001 (what it means is decided below)
            status, reason = _judge(error)
            # Without a description nothing is known of any setting.
            return Outcome(Status.PENDING if status is Status.PENDING else Status.FAILED, reason)

    def _describe_target(self, due: set[str]) -> Outcome | None:
        # Only UpdateTable changes what DescribeTable tells, and a refusal may show that somebody else has called it.
        if self._target.settled and not self._outdated:
            return None
        try:
            self._target.describe()
            self._outdated = False
        except TableNotFoundError as error:
            self._passes_to_find_target -= 1
            if 0 < self._passes_to_find_target < math.inf:
                self._due = due
            return Outcome(Status.PENDING if self._passes_to_find_target > 0 else Status.FAILED, str(error))
        if self._restore and (other := another_target(self._table, self._target, self._restore)):
            return Outcome(Status.FAILED, f"the target is another table of that name, {other}")
        if self._target.status in {"ACTIVE", "UPDATING"}:
            return None
        return Outcome(Status.PENDING, not_ready(self._target.status))

    def _find_source(self) -> Outcome | None:
        if self._source:
            return None
        found = self._finder.find()
        if found.kind == LIVE and not self._allow_younger_source and (order := swapped(found.table, self._target)):
            return Outcome(Status.FAILED, f"{order}. If you mean it, set allow_younger_source to true")
        found.table.of_region = self._target.of_region
        self._source = found
        return None

    def _outcome_of(self, setting: Setting[Any]) -> Outcome:
        try:
            return self._reconcile(setting)
        except OutOfTimeError as error:
            self._continue(setting)
            reason = f"{error}: if every attempt ends so, raise the timeout"
            return Outcome(Status.PENDING, reason, tuple(self._applied[setting.NAME]))
        except Exception as error:  # noqa: BLE001 (one setting's failure never stops another)
            self._outdated = True
            if errors.meaning(error) is Meaning.NOT_READY:
                self._due.add(setting.NAME)
            return Outcome(*_judge(error))

    def _continue(self, setting: Setting[Any]) -> None:
        """Have the next pass continue the setting."""
        self._due.add(setting.NAME)
        if not self._dry_run:
            self._unfinished.add(setting.NAME)

    def _reconcile(self, setting: Setting[Any]) -> Outcome:
        unmet = setting.NEEDS and self._unmet(setting.NAME, setting.NEEDS)
        if unmet:
            return unmet
        source, reason = self._wanted(setting)
        note = self._source.note(setting) if self._source else ""
        if not source or reason:
            return Outcome(Status.SKIPPED if reason else Status.UNCHANGED, reason or note)
        if setting.NEEDS and setting.NEEDS.there and self._target.updating and not self._dry_run:
            self._due.add(setting.NAME)
            return Outcome(Status.PENDING, self._target.updating)
        steps = setting.plan(source, read(setting, self._target))
        differs = any(isinstance(step, Obstacle) and step.differs for step in steps)
        changes, results = self._sorted(setting, steps)
        results += [(Status.UNCHANGED, note)] * bool(note)
        if any(status is Status.PENDING for status, _ in results):
            self._due.add(setting.NAME)
        if self._dry_run:
            results += [(Status.DIFFERS, change.awaits) for change in changes]
            return combined(results, changes, differs=differs)
        results += self._write(setting, changes)
        applied = self._applied[setting.NAME]
        return combined([*results, *[(Status.APPLIED, "")] * bool(applied)], applied, differs=differs)

    def _wanted(self, setting: Setting[Any]) -> tuple[Any, str]:
        """Return what the source has of a setting, and why the target does not get it if so."""
        source, name = self._source, setting.NAME
        if source is None:
            raise ValueError("no setting is reconciled before its source is found")
        if name not in self._sources:
            self._sources[name] = source.value(setting)
        if not self._sources[name]:
            return self._sources[name], ""
        if reason := why_skipped(source, self._target, setting):
            return self._sources[name], reason
        if name not in self._complete:
            value = complete(setting, self._sources[name], source.table, self._target.region)
            self._sources[name] = self._adapt.get(name, _unchanged)(value)
            self._complete.add(name)
        return self._sources[name], ""

    def _unmet(self, name: str, need: Need) -> Outcome | None:
        """Return why what a setting lives on is not there, or not yet; made without a call."""
        there = need.there and need.there(self._target)
        status = self._outcomes[need.setting].status
        if there and status is Status.FAILED and not need.of_part:
            return Outcome(Status.SKIPPED, f"{need.setting} has failed")
        if there or status is Status.DIFFERS:
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
        # A setting that is unchanged had nothing to bring.
        given_up = needed in {Status.FAILED, Status.SKIPPED, Status.UNCHANGED}
        changes, results = [], []
        for step in steps:
            if isinstance(step, Obstacle):
                results.append((step.status, step.reason))
            elif reason := self._reason_left_out(setting, step):
                results.append((Status.UNCHANGED, reason))
            elif step.depends_on and (lacking := self._lacking(step.depends_on)):
                status, reason = lacking
                results.append((status, f"{reason}: {step.part} is left out"))
            elif step.awaits and (given_up or not self._dry_run):
                results.append((Status.SKIPPED if given_up else Status.PENDING, step.awaits))
            else:
                changes.append(step)
        return changes, results

    def _lacking(self, name: str) -> tuple[Status, str] | None:
        """Return why a write that depends on that setting is not made, or not yet; made without a call."""
        status = self._outcomes[name].status
        if status is Status.PENDING:
            return status, f"{name} is pending"
        if status in {Status.FAILED, Status.SKIPPED}:
            return Status.SKIPPED, f"{name} {'has failed' if status is Status.FAILED else 'is skipped'}"
        return None if self._sources.get(name) else (Status.UNCHANGED, f"the source has no {name}")

    def _note(self, setting: Setting[Any], error: Exception, *, goes_on: bool) -> Meaning:
        """Return what a write's error means, and have the setting compared again if that may find more.

        So it may where AWS takes some of many writes between its refusals (`goes_on`).
        """
        meaning = errors.meaning(error)
        self._outdated = True
        if meaning in {Meaning.NOT_READY, Meaning.ALREADY_SO} or (meaning is Meaning.TRANSIENT and goes_on):
            self._due.add(setting.NAME)
        return meaning

    def _reason_left_out(self, setting: Setting[Any], change: Change) -> str:
        """Return why a change is left out: it, or the change that it awaits, refers to what does not exist."""
        own = (reason for known, reason in self._left_out.get(setting.NAME, []) if known == change)
        need = self._left_out.get(setting.NEEDS.setting, []) if setting.NEEDS and change.awaits else []
        awaited = (reason for known, reason in need if known.part and known.part == change.part)
        return next(own, "") or next(awaited, "")

    def _refusal(self, name: str, change: Change, error: Exception) -> tuple[Status, str]:
        """Return what a setting comes to because a change was refused, and the reason without its secrets."""
        status, reason = _judge(error)
        reason = change.redacted(reason)
        if errors.meaning(error) is Meaning.GONE:
            self._left_out.setdefault(name, []).append((change, reason))
        return status, reason

    def _write(self, setting: Setting[Any], changes: Sequence[Change]) -> list[tuple[Status, str]]:
        """Apply changes; return what stands in the way of calling them done."""
        applied = self._applied[setting.NAME]
        before = len(applied)
        results = []
        refused: set[str] = set()
        for number, change in enumerate(changes):
            if change.part in refused:
                continue
            if change.undone and change in applied:
                results.append((Status.FAILED, change.undone))
                continue
            try:
                working = setting.apply(change, self._target)
            except OutOfTimeError:
                self._continue(setting)
                left = f"{len(changes) - number} of {before + len(changes)} writes are left for the next attempt"
                return [(Status.PENDING, left), *results]
            except Exception as error:  # noqa: BLE001 (one change's failure never stops another)
                results.append(self._refusal(setting.NAME, change, error))
                many = len(applied) > before and len(changes) - number > _MANY_WRITES
                meaning = self._note(setting, error, goes_on=many)
                if meaning is Meaning.TRANSIENT:
                    break
                if meaning in {Meaning.FINAL, Meaning.UNSUPPORTED} and change.part:
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
    """Return what a setting comes to by an error, and the reason."""
    reason = errors.explain(error)
    match errors.meaning(error):
        case Meaning.FINAL:
            return Status.FAILED, reason
        case Meaning.GONE:
            return Status.UNCHANGED, reason
        case Meaning.UNSUPPORTED:
            return Status.SKIPPED, f"the Region does not offer it: {reason}"
    return Status.PENDING, reason
