"""Outcomes, and the report that they make."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from table_sync.settings.setting import Change, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IN_SYNC, WAITING, FAILED, DIFFERS = "in_sync", "waiting", "failed", "differs"
# Kinds of sources (table_sync.source).
LIVE, RECORD, LEFTOVERS = "live", "record", "leftovers"
# Most reasons that a report lists per setting: a table may have thousands of triggers, and a log line has limits.
_MOST_REASONS = 10
# What counts most in a setting of which one part is still pending and another has failed, and so on.
_PRECEDENCE = (Status.PENDING, Status.FAILED, Status.DIFFERS, Status.APPLIED, Status.SKIPPED, Status.UNCHANGED)
# The first status that a setting has decides: nothing has failed for good while something is pending.
_OUTCOMES = {Status.PENDING: WAITING, Status.FAILED: FAILED, Status.DIFFERS: DIFFERS}


@dataclass(frozen=True)
class Outcome:
    """How a setting ended, and the writes made for it (planned, in a dry run)."""

    status: Status
    reason: str = ""
    changes: tuple[Change, ...] = ()
    differs: bool = False
    """Whether source and target are known to differ in what no write is made for."""


def combined(results: Sequence[tuple[Status, str]], changes: Sequence[Change], *, differs: bool) -> Outcome:
    """Return the outcome of a setting whose parts came to these results, each a status and a reason."""
    status = min((status for status, _ in results), key=_PRECEDENCE.index, default=Status.UNCHANGED)
    # Reasons of the status come first, so that none of them is left out for one that explains nothing.
    ordered = sorted(results, key=lambda result: result[0] is not status)
    reasons = list(dict.fromkeys(reason for _, reason in ordered if reason))
    listed, others = reasons[:_MOST_REASONS], len(reasons) - _MOST_REASONS
    if others > 0:
        listed.append(f"and {others} more")
    return Outcome(status, "; ".join(listed), tuple(changes), differs)


@dataclass(frozen=True)
class Report:
    """What an attempt came to."""

    source: str
    target: str
    settings: Mapping[str, Outcome]
    whole: Outcome | None = None
    """What stood in the way of every setting, if anything."""
    not_copied: tuple[str, ...] = ()
    """What the source has and no setting copies, in sentences."""
    settings_from: Mapping[str, Any] | None = None
    """Where the settings come from (Source.as_dict); None as long as the source is not found."""
    why_gone: str = ""
    """Why they do not come from the live source, as a sentence."""

    def compared(self) -> Report:
        """Return a dry run's report in which all that differs has that status, whether a write can change it or not."""
        outcomes = {
            name: replace(outcome, status=Status.DIFFERS) if outcome.differs else outcome
            for name, outcome in self.settings.items()
        }
        return replace(self, settings=outcomes)

    @property
    def outcome(self) -> str:
        """in_sync, waiting, failed or differs."""
        statuses = [self.whole.status] if self.whole else [outcome.status for outcome in self.settings.values()]
        return next((outcome for status, outcome in _OUTCOMES.items() if status in statuses), IN_SYNC)

    @property
    def reason(self) -> str:
        """Why it is not in sync: of the whole, else each setting that is pending or has failed.

        It also says where the settings come from if that is not the live source.
        """
        if self.whole:
            return self.whole.reason
        reason = "; ".join(
            f"{name}: {outcome.reason}"
            for name, outcome in self.settings.items()
            if _OUTCOMES.get(outcome.status) == self.outcome and outcome.reason
        )
        origin = self.settings_from or {}
        if reason and origin.get("kind") == LEFTOVERS:
            gone = f"the source is gone: {self.why_gone} Its settings cannot be read any more."
            return f"{gone} There is no record of it. {reason}"
        if reason and origin.get("kind") == RECORD:
            version = f" (version {origin['version_id']})" if "version_id" in origin else ""
            return f"{reason}; the settings come from the record of {origin['recorded_at']}{version}"
        return reason

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON types; a `reason` only where there is one."""
        settings = {
            name: {
                "status": outcome.status.value,
                "reason": outcome.reason,
                "changes": [_as_json(change) for change in outcome.changes],
            }
            for name, outcome in self.settings.items()
        }
        reason = {"reason": self.reason} if self.reason else {}
        return {
            "source": self.source,
            "target": self.target,
            "outcome": self.outcome,
            **reason,
            "settings_from": None if self.settings_from is None else dict(self.settings_from),
            "not_copied": list(self.not_copied),
            # Last, since CloudWatch Logs Insights knows no more than the first 200 fields of a line.
            "settings": settings,
        }


def _as_json(change: Change) -> dict[str, Any]:
    # Scheduled actions have times in their parameters.
    parameters = json.loads(json.dumps(change.shown, default=lambda time: time.isoformat()))
    return {"operation": change.operation, "parameters": parameters}
