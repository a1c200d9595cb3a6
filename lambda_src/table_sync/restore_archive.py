"""The restore archive: one object per restore, with its times and its last report.

The object also keeps two messages from processing the same restore, which EventBridge and the event history may both
report. The first message to write the object processes the restore; its lease expires if it stops to write. What S3
refuses to store still keeps messages of the same execution environment from it (records/unwritten.py).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionError as NoConnectionError
from botocore.exceptions import HTTPClientError

from table_sync import archived_restore, errors, telemetry
from table_sync.aws import client
from table_sync.records import json_object, unwritten
from table_sync.records.json_object import JsonObject, OvertakenError
from table_sync.report import IN_SYNC
from table_sync.restore import RestoreClaimedError, RestoreEndedError
from table_sync.telemetry import logger

if TYPE_CHECKING:
    from table_sync.queue.message import Message
    from table_sync.report import Report
    from table_sync.restore import Restore

# How often the object of a restore that waits is written, in seconds.
_HEARTBEAT = 900
# How much longer than heartbeat and delay the lease lasts: Lambda may be throttled, or end an attempt at its timeout.
_LEASE_MARGIN = 1800
# Of several messages at the same moment all but one are overtaken once.
_TRIES = 3


class Entry:
    """The object of one restore, as the message that processes the restore has it."""

    def __init__(self, key: str, stored: JsonObject, earlier_attempts: int) -> None:
        """Keep all; `earlier_attempts` are those of other messages."""
        self.key = key
        self.stored = stored
        self.earlier_attempts = earlier_attempts


class RestoreArchive:
    """The archive, as one invocation sees it. Its trouble never stops a restore: it is logged and counted."""

    def __init__(self, bucket: str, region: str, longest_delay: float) -> None:
        """Prepare, without a call.

        Args:
            bucket: its name.
            region: from which it is called.
            longest_delay: seconds for which a message may wait in the queue.

        """
        self._bucket = bucket
        self._region = region
        self._lease = _HEARTBEAT + longest_delay + _LEASE_MARGIN
        self._usable = True

    def claim(self, restore: Restore, message: Message, *, last: bool = False) -> Entry | None:
        """Have a message process a restore.

        Args:
            restore: to process.
            message: that reports it.
            last: whether it is the message's last attempt, after which it cannot wait for another message.

        Returns:
            the restore's entry; None if the event has no ID.

        Raises:
            table_sync.restore.RestoreEndedError: another message has processed it, or this one.
            table_sync.restore.RestoreClaimedError: another message processes it.

        """
        key = archived_restore.key_of(restore)
        if key is None:
            return None
        known = unwritten.find(self._bucket, key)
        if known:
            self._leave_to_other_message(known, message, last=last)
        content = known or archived_restore.new(restore)
        if self._usable:
            try:
                return self._claim(key, content, message, last=last)
            except (RestoreEndedError, RestoreClaimedError):
                raise
            except Exception as error:  # noqa: BLE001 (whatever it is, the restore goes on)
                self._give_up(key, error)
        content = self._signed_anew(content, message)
        unwritten.keep(self._bucket, key, content)
        return Entry(key, JsonObject(content), int(content["earlier_attempts"]))

    def save(  # noqa: PLR0913 (each is a fact of the attempt)
        self,
        entry: Entry | None,
        report: Report,
        message: Message,
        *,
        active: bool,
        ended: bool,
        dead_lettered: bool = False,
    ) -> None:
        """Write what an attempt came to, if it is the last one or more than a while ago; never raises.

        Args:
            entry: of the restore, None if there is none.
            report: of the attempt.
            message: that processes the restore.
            active: whether the table was seen ACTIVE.
            ended: whether there is no other attempt.
            dead_lettered: whether the message went to the dead-letter queue, from where it may be redriven.

        """
        if entry is None:
            return
        now = time.time()
        before = entry.stored.content
        newly_active = active and not before.get("active_at")
        if not ended and not newly_active and now < json_object.epoch(before["written_at"]) + _HEARTBEAT:
            return
        content = before | self._signed(message, now)
        content |= {"attempts": entry.earlier_attempts + message.attempt, "outcome": report.outcome}
        content["report"] = report.as_dict()
        if newly_active:
            content["active_at"] = json_object.time_text(now)
        if report.outcome == IN_SYNC and not before.get("in_sync_at"):
            content["in_sync_at"] = json_object.time_text(now)
        if ended:
            content |= {"ended_at": json_object.time_text(now), "dead_lettered": dead_lettered}
        if self._usable:
            try:
                entry.stored = self._write(entry.key, content, entry.stored.etag)
            except OvertakenError:
                logger.info("Another message has taken over the restore", extra={"target": report.target})
                return
            except Exception as error:  # noqa: BLE001 (as above)
                self._give_up(entry.key, error)
            else:
                return
        unwritten.keep(self._bucket, entry.key, content)

    def _claim(self, key: str, first: dict[str, Any], message: Message, *, last: bool) -> Entry:
        found = self._read(key) if message.attempt > 1 else None
        for _ in range(_TRIES):
            try:
                return self._join(key, found or JsonObject(first), message, last=last)
            except OvertakenError:
                found = self._read(key)
        raise OvertakenError

    def _join(self, key: str, found: JsonObject, message: Message, *, last: bool) -> Entry:
        content = found.content
        if found.etag:
            if _is_of(content, message):
                return Entry(key, found, int(content["earlier_attempts"]))
            self._leave_to_other_message(content, message, last=last)
        content = self._signed_anew(content, message)
        return Entry(key, self._write(key, content, found.etag), int(content["earlier_attempts"]))

    @staticmethod
    def _leave_to_other_message(content: dict[str, Any], message: Message, *, last: bool) -> None:
        """Raise as claim() does if the restore is another message's, or has ended."""
        if _is_of(content, message):
            return
        # A redriven message is a new one, with an ID and a time of its own (SQS developer guide, Configure a
        # dead-letter queue redrive), be it moved or sent by hand.
        failed = message.has_failed or content.get("dead_lettered")
        if failed and message.sent_at > json_object.epoch(content["written_at"]):
            return
        if content.get("ended_at"):
            raise RestoreEndedError
        if time.time() < json_object.epoch(content["lease_expires_at"]) and not last:
            raise RestoreClaimedError

    def _signed_anew(self, content: dict[str, Any], message: Message) -> dict[str, Any]:
        """Return the content with which a message takes the restore over, or begins it."""
        earlier = content["earlier_attempts"] if _is_of(content, message) else content["attempts"]
        anew = {"earlier_attempts": int(earlier), "ended_at": None, "dead_lettered": False}
        return content | self._signed(message, time.time()) | anew

    def _signed(self, message: Message, now: float) -> dict[str, Any]:
        """Return what says that this message processes the restore."""
        return {
            "message_id": message.id,
            "written_at": json_object.time_text(now),
            "lease_expires_at": json_object.time_text(now + self._lease),
        }

    def _read(self, key: str) -> JsonObject | None:
        return json_object.read(client("s3", self._region, quick=True), self._bucket, key)

    def _write(self, key: str, content: dict[str, Any], etag: str) -> JsonObject:
        written = json_object.write(client("s3", self._region, quick=True), self._bucket, key, content, etag)
        unwritten.drop(self._bucket, key)
        return written

    def _give_up(self, key: str, error: Exception) -> None:
        # S3 answers alike for what is not there and for what may not be read (json_object.py).
        overtaken = "other messages were faster, or the role may not read the object (s3:GetObject)"
        reason = overtaken if isinstance(error, OvertakenError) else errors.explain(error)
        logger.error("The restore archive cannot be used: the restore goes on", extra={"key": key, "reason": reason})
        telemetry.count_archive_failure()
        # Without an answer every call takes seconds: the other restores of the invocation shall not wait for them.
        if isinstance(error, (NoConnectionError, HTTPClientError)):
            self._usable = False


def _is_of(content: dict[str, Any], message: Message) -> bool:
    """Say whether an object is of a restore that this message processes."""
    return content.get("message_id") == message.id and not content.get("ended_at")
