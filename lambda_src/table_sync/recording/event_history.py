"""CloudTrail's event history: restores that EventBridge has not reported, or not yet.

LookupEvents needs no trail. Events show up within about 15 minutes, in any order (CloudTrail user guide, Working with
CloudTrail event history), so that each query overlaps with the one before. What a query needs to know of earlier ones
is an object in the bucket: when the last one succeeded, so that none of the time of an outage is left out, and the
restores that it has seen, so that none is sent twice. What S3 refuses to store still serves the queries of the same
execution environment (records/unwritten.py).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from table_sync import archived_restore, errors, telemetry
from table_sync.aws import client
from table_sync.errors import Meaning
from table_sync.queue.restore_event import NotARestoreError, RestoreRefusedError, parse
from table_sync.records import json_object, unwritten
from table_sync.records.json_object import JsonObject, OvertakenError
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from table_sync.aws import Location
    from table_sync.recording.recorder_config import RecorderConfig
    from table_sync.restore import Restore

VERSION = 1
# By restore type, the call that is looked up. AWS Backup reports its restore jobs itself, without a trail.
CALLS = {"point_in_time": "RestoreTableToPointInTime", "backup": "RestoreTableFromBackup"}
# Four times as long as events take by the guide. The first query covers it, too.
_OVERLAP = 3600
# What is older than the longest retention of a queue is not made up for.
_LONGEST_OUTAGE = 14 * 24 * 3600
# Without news the object is written this often; each version of it is kept for a while, and costs.
_WRITE_SECONDS = 1800
# Two requests a second, an account and Region (API reference, LookupEvents), which others may make as well.
_PAUSE = 0.5
_PAUSE_THROTTLED = 2
_TRIES_THROTTLED = 5
# For the calls of one page's restores, and for the object.
_RESERVE_SECONDS = 30
_LEAST_WINDOW = 900


class _NoTimeError(Exception):
    """The invocation is about to end."""


@dataclass(frozen=True)
class Found:
    """What a query came to."""

    sent: int
    """Restores that were sent to the queue."""
    complete: bool
    """Whether everything up to now was looked up; otherwise the next query goes on."""


class EventHistory:
    """The queries of one invocation."""

    def __init__(self, config: RecorderConfig, own: Location, seconds_left: Callable[[], float]) -> None:
        """Prepare, without a call.

        Args:
            config: of the recorder.
            own: where the recorder is: of this account and Region are the events.
            seconds_left: how long the invocation may still take.

        """
        self._own = own
        self._bucket = config.records_bucket
        self._queue_url = config.queue_url
        self._table_filter = config.table_filter
        self._names = [name for restore_type, name in CALLS.items() if restore_type in config.restore_types]
        self._seconds_left = seconds_left
        # Two instances of the module may share a bucket.
        instance = config.queue_url.rpartition("/")[2]
        self._key = f"event_history/v1/{own.account}/{own.region}/{instance}.json"
        self._looked_up = False
        self._archive_usable = True
        self._sent = self._failures = 0

    def look_up(self) -> Found:
        """Send each restore that was called since the last query, and is not in the archive, to the queue.

        What fails is logged and counted, and the next query covers the same time again.
        """
        now = time.time()
        stored, usable = self._read()
        state = _State.of(stored.content if stored else {}, now)
        before = state.as_dict()
        if later := unwritten.find(self._bucket, self._key):
            state.add(_State.of(later, now))
        complete = False
        try:
            complete = self._catch_up(state, now)
        except Exception as error:  # noqa: BLE001 (the next query repeats it)
            # An explanation carries nothing of an event.
            self._fail(errors.explain(error))
        state.forget(before=min(state.queried_until, now) - 2 * _OVERLAP)
        aged = state.queried_until >= json_object.epoch(before["queried_until"]) + _WRITE_SECONDS
        if not usable or stored is None or aged or state.differs(before):
            self._write(state, stored, usable=usable)
        telemetry.count_event_history(self._sent, succeeded=complete and not self._failures)
        return Found(self._sent, complete)

    def _catch_up(self, state: _State, now: float) -> bool:
        """Query until now, in windows that one invocation can read; return whether it came to the end."""
        while True:
            until = state.queried_until + state.window
            last = until >= now
            try:
                # What happens meanwhile is welcome.
                done = self._query(state, state.queried_until - _OVERLAP, None if last else until)
            except _NoTimeError:
                state.window = max(_LEAST_WINDOW, min(state.window, now - state.queried_until) / 2)
                self._fail("no time is left for the rest of the events: the next query goes on")
                return False
            if not done:
                return False
            state.queried_until = min(until, now)
            if last:
                state.window = _LONGEST_OUTAGE
                return True

    def _query(self, state: _State, start: float, end: float | None) -> bool:
        """Send what is new of a time range; return whether all of it was sent."""
        done = True
        for name in self._names:
            for events in self._pages(name, start, end):
                for event in events:
                    done &= self._process(event, state)
        return done

    def _pages(self, name: str, start: float, end: float | None) -> Iterator[list[dict[str, Any]]]:
        parameters: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": start,
        }
        if end is not None:
            parameters["EndTime"] = end
        while True:
            answer = self._lookup_events(parameters)
            yield answer.get("Events", [])
            if not answer.get("NextToken"):
                return
            parameters["NextToken"] = answer["NextToken"]

    def _lookup_events(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Make one call, at the pace that the account allows."""
        if self._looked_up:
            time.sleep(_PAUSE)
        self._looked_up = True
        for number in range(1, _TRIES_THROTTLED + 1):
            if self._seconds_left() < _RESERVE_SECONDS:
                raise _NoTimeError
            try:
                answer: dict[str, Any] = client("cloudtrail", self._own.region).lookup_events(**parameters)
            except ClientError as error:
                if number == _TRIES_THROTTLED or errors.meaning(error) is not Meaning.TRANSIENT:
                    raise
                time.sleep(_PAUSE_THROTTLED)
            else:
                return answer
        raise AssertionError

    def _process(self, event: dict[str, Any], state: _State) -> bool:
        """Send the restore of an event if there is one that is new; return whether nothing is left to do."""
        event_id = event.get("EventId", "")
        if event_id in state.seen:
            return True
        body = self._message(event)
        try:
            restore = parse(body, self._own)
        except RestoreRefusedError:
            return True
        except NotARestoreError as error:
            logger.error("An event of the event history is left out", extra={"event": event_id, "reason": str(error)})
            state.see(event_id, event)
            return True
        if self._table_filter.admits(restore) and not self._is_archived(restore):
            try:
                client("sqs", self._own.region).send_message(QueueUrl=self._queue_url, MessageBody=body)
            except Exception as error:  # noqa: BLE001 (one restore's failure never stops another)
                self._fail(errors.explain(error))
                return False
            self._sent += 1
            logger.info("The event history has a restore that is new", extra={"target": restore.target})
        state.see(event_id, event)
        return True

    def _message(self, event: dict[str, Any]) -> str:
        """Return an event of the event history as EventBridge delivers it."""
        try:
            record = json.loads(event.get("CloudTrailEvent", ""))
        except ValueError:
            record = None
        at = record.get("eventTime") if isinstance(record, dict) else None
        envelope = {
            "version": "0",
            "id": event.get("EventId", ""),
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.dynamodb",
            "account": self._own.account,
            "time": at,
            "region": self._own.region,
            "resources": [],
            "detail": record,
        }
        return json.dumps(envelope)

    def _is_archived(self, restore: Restore) -> bool:
        """Say whether the archive has a restore; the permission to list is enough for it."""
        key = archived_restore.key_of(restore)
        if key is None or not self._archive_usable:
            return False
        try:
            answer = client("s3", self._own.region).list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        except Exception as error:  # noqa: BLE001 (a restore that is processed twice is better than one that is missed)
            self._archive_usable = False
            self._fail(errors.explain(error))
            return False
        return bool(answer.get("KeyCount"))

    def _read(self) -> tuple[JsonObject | None, bool]:
        """Return what earlier queries left, and whether it may be replaced."""
        try:
            return json_object.read(client("s3", self._own.region), self._bucket, self._key), True
        except Exception as error:  # noqa: BLE001 (a query without it is better than none)
            self._fail(errors.explain(error))
            return None, False

    def _write(self, state: _State, stored: JsonObject | None, *, usable: bool) -> None:
        content = state.as_dict()
        unwritten.keep(self._bucket, self._key, content)
        if not usable:
            return
        s3 = client("s3", self._own.region)
        try:
            json_object.write(s3, self._bucket, self._key, content, stored.etag if stored else "")
            unwritten.drop(self._bucket, self._key)
        except OvertakenError:
            if stored is None:
                # S3 answers alike for what is not there and for what may not be read (json_object.py).
                self._fail(f"what earlier queries have left may not be read: allow s3:GetObject of {self._key}")
                return
            logger.info("Another query was faster: the next one covers the same time again")
        except Exception as error:  # noqa: BLE001 (the next query covers the same time again)
            self._fail(errors.explain(error))

    def _fail(self, reason: str) -> None:
        self._failures += 1
        logger.error("The event history was not queried completely", extra={"reason": reason})
        telemetry.count_event_history_failure()


@dataclass
class _State:
    """What a query leaves to the next one."""

    queried_until: float
    window: float
    """How many seconds an invocation was able to read at once."""
    seen: dict[str, float]
    """By ID, the times of the events that need nothing more."""

    @classmethod
    def of(cls, content: dict[str, Any], now: float) -> _State:
        """Read it; what cannot be read is as if there were none."""
        try:
            state = cls(
                queried_until=json_object.epoch(content["queried_until"]),
                window=float(content["window_seconds"]),
                seen={event_id: json_object.epoch(at) for event_id, at in content["seen"].items()},
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls(now, _LONGEST_OUTAGE, {})
        oldest = now - _LONGEST_OUTAGE
        if state.queried_until < oldest:
            logger.warning("The last query of the event history is too long ago: restores may be left out")
        state.queried_until = min(now, max(oldest, state.queried_until))
        state.window = max(_LEAST_WINDOW, state.window)
        return state

    def add(self, later: _State) -> None:
        """Take over what a later query has left."""
        self.queried_until = max(self.queried_until, later.queried_until)
        self.window = later.window
        self.seen |= later.seen

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {
            "version": VERSION,
            "queried_until": json_object.time_text(self.queried_until, "seconds"),
            "window_seconds": self.window,
            "seen": {event_id: json_object.time_text(at, "seconds") for event_id, at in sorted(self.seen.items())},
        }

    def differs(self, before: dict[str, Any]) -> bool:
        """Say whether more than the time has changed."""
        return self.as_dict() | {"queried_until": ""} != before | {"queried_until": ""}

    def see(self, event_id: str, event: dict[str, Any]) -> None:
        """Take note of an event."""
        at = event.get("EventTime")
        self.seen[event_id] = at.timestamp() if isinstance(at, datetime) else self.queried_until

    def forget(self, before: float) -> None:
        """Forget events that no query finds any more."""
        self.seen = {event_id: at for event_id, at in self.seen.items() if at >= before}
