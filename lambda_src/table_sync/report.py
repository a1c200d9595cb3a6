"""Outcomes, and the report that they make."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from table_sync.settings.setting import Change, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

IN_SYNC, WAITING, FAILED, DIFFERS = "in_sync", "waiting", "failed", "differs"
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
        """Why it is not in sync: of the whole, else each setting that is pending or has failed."""
        if self.whole:
            return self.whole.reason
        return "; ".join(
            f"{name}: {outcome.reason}"
            for name, outcome in self.settings.items()
            if _OUTCOMES.get(outcome.status) == self.outcome and outcome.reason
        )

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
            "not_copied": list(self.not_copied),
            # Last, since CloudWatch Logs Insights knows no more than the first 200 fields of a line.
            "settings": settings,
        }


def _as_json(change: Change) -> dict[str, Any]:
    # Scheduled actions have times in their parameters.
    parameters = json.loads(json.dumps(change.shown, default=lambda time: time.isoformat()))
    return {"operation": change.operation, "parameters": parameters}
