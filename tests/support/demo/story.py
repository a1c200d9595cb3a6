"""What the demo does, step by step."""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.support.demo.words import NONE, words
from tests.support.embedded_aws import EmbeddedAWS
from tests.support.embedded_aws.lambda_service import ChildProcessRuntime, Invocation, LambdaService
from tests.support.tables import REGION, make_source, restore, settings_of, wait_until_active
from tests.support.terraform import REPOSITORY, Terraform, chosen_plugin_dir, find_terraform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo.screen import Screen

SOURCE, TARGET = "orders", "orders-restored"
# Tests take a short one.
RESTORE_SECONDS = 60 * int(os.environ.get("DEMO_RESTORE_MINUTES", "23"))
# Longest time that the demo follows the restore, on the embedded clock.
LIMIT_SECONDS = 2 * 3600
# AWS goes on for a while after it has accepted a change: a trigger is Creating, a Kinesis destination ENABLING.
STATUS_SECONDS = 120
DAY_SECONDS = 24 * 3600
READS = ("Describe", "List", "Get")
# What the module leaves alone unless it is asked for it, and what only an on-demand table has.
NOT_SHOWN = {"contributor_insights", "resource_policy", "alarms", "on_demand_throughput"}


def _settings_of(aws: EmbeddedAWS, table: str) -> dict[str, Any]:
    """Return what the demo promises of a table."""
    return {name: value for name, value in settings_of(aws, table).items() if name not in NOT_SHOWN}


class Demo:
    """One run; `directory` takes what Terraform writes."""

    def __init__(self, screen: Screen, directory: Path) -> None:
        self._screen = screen
        self._directory = directory

    def run(self) -> bool:
        """Return whether every setting came back.

        Raises:
            TerraformUnavailable: there is no Terraform or no AWS provider.
            TerraformError: the module could not be applied.

        """
        self._screen.title(
            "A restored DynamoDB table gets its settings back",
            "Terraform applies the module to a bundled AWS emulator with a simulated clock. No AWS account is needed.",
        )
        # Before anything is started, because it may be missing.
        find_terraform()
        with ExitStack() as exits:
            self._aws = exits.enter_context(EmbeddedAWS(server=True))
            self._aws.restore_seconds = RESTORE_SECONDS
            runtime = ChildProcessRuntime(self._aws.endpoint_url, self._aws.clock.sleep)
            self._service = exits.enter_context(LambdaService(self._aws, runtime))
            self._screen.done("AWS emulator", f"{self._aws.endpoint_url}, {REGION}")
            self._deploy()
            # Each act is a story of its own on the same deployment; the demo has succeeded if all have.
            return all(act() for act in (self._restore_under_a_new_name, self._restore_a_deleted_table))

    def _restore_under_a_new_name(self) -> bool:
        """Restore the table beside its source; return whether it has all settings and the source is unchanged."""
        source = _settings_of(self._aws, SOURCE)
        restored_at, active_at = self._restore()
        before = self._follow(TARGET, restored_at, active_at)
        after = self._settled(TARGET, source)
        good = self._compare(source, before, after) and self._deliver_again()
        return self._check_source(source) and good

    def _restore_a_deleted_table(self) -> bool:
        """Delete the source, restore it under its own name, and return whether its record gave it all settings."""
        source = _settings_of(self._aws, SOURCE)
        self._screen.line()
        self._screen.title(
            f"A day later, {SOURCE} is deleted and restored under its own name",
            "There is no source to read now. Its record in the bucket has the settings.",
        )
        self._aws.clock.advance(DAY_SECONDS)
        self._run_recorder()
        restored_at, active_at = self._restore_from_its_last_backup()
        before = self._follow(SOURCE, restored_at, active_at)
        after = self._settled(SOURCE, source)
        return self._compare(source, before, after) and self._check_origin()

    def _deploy(self) -> None:
        """Apply the module, and make the source table while the provider waits for the queues."""
        started = time.monotonic()
        if chosen_plugin_dir() is None:
            self._screen.line(
                "  terraform init downloads the AWS provider, unless it did so before (700 MB on disk).", "dim"
            )
        self._screen.line("  terraform apply takes a minute: the AWS provider waits 25 s for each SQS queue.", "dim")
        with ThreadPoolExecutor(1) as executor, self._screen.terraform() as take:
            making = executor.submit(self._make_source)
            terraform = Terraform(
                REPOSITORY / "examples" / "local",
                self._aws.environment(),
                state=self._directory / "terraform.tfstate",
                on_line=take,
            )
            terraform.init()
            terraform.apply()
            making.result()
        self._outputs = terraform.output()
        detail = f"examples/local is applied: the function is {self._outputs['function_name']}"
        self._screen.done("Terraform", detail, time.monotonic() - started)

    def _make_source(self) -> None:
        make_source(self._aws, SOURCE)
        count = self._aws.client("dynamodb").scan(TableName=SOURCE, Select="COUNT")["Count"]
        self._screen.done("Source table", f"{SOURCE} has every setting, and {count} items")

    def _restore(self) -> tuple[float, float]:
        """Restore the table; return when it was asked for, and when it will be ACTIVE."""
        restore(self._aws, SOURCE, TARGET)
        now = self._aws.clock.now()
        self._screen.done(
            "Restore",
            f"RestoreTableToPointInTime from {SOURCE} to {TARGET} takes {RESTORE_SECONDS // 60} minutes. CloudTrail's "
            "event of the call reaches the function through the rule and the queue.",
        )
        self._screen.line()
        self._screen.line("  Simulated time since the restore call", "dim")
        return now, now + RESTORE_SECONDS

    def _run_recorder(self) -> None:
        """Let the recorder do what is due, so that a day's work is not taken for attempts."""
        for invocation in self._service.run_until_idle(LIMIT_SECONDS):
            for line in invocation.log_lines:
                self._screen.note(line)

    def _restore_from_its_last_backup(self) -> tuple[float, float]:
        """Delete the table and restore it; return when that was asked for, and when it will be ACTIVE."""
        dynamodb = self._aws.client("dynamodb")
        dynamodb.update_table(TableName=SOURCE, DeletionProtectionEnabled=False)
        wait_until_active(self._aws, SOURCE)
        dynamodb.delete_table(TableName=SOURCE)
        self._aws.clock.advance(60)
        self._screen.done("Deleted", f"{SOURCE} is gone. DynamoDB keeps a backup of a deleted table for 35 days.")
        (backup,) = dynamodb.list_backups(TableName=SOURCE, BackupType="SYSTEM")["BackupSummaries"]
        dynamodb.restore_table_from_backup(TargetTableName=SOURCE, BackupArn=backup["BackupArn"])
        now = self._aws.clock.now()
        self._screen.done("Restore", f"RestoreTableFromBackup to {SOURCE} takes {RESTORE_SECONDS // 60} minutes.")
        self._screen.line()
        self._screen.line("  Simulated time since the restore call", "dim")
        return now, now + RESTORE_SECONDS

    def _check_origin(self) -> bool:
        origin = reports(self._attempts[-1])[0].get("settings_from", {})
        good: bool = origin.get("kind") == "record"
        self._screen.verdict(
            f"The settings come from the record of {datetime.fromisoformat(origin['recorded_at']):%Y-%m-%d %H:%M} UTC, "
            f"TableId {origin['table_id']}."
            if good
            else f"The settings come from {origin.get('kind', 'nowhere')}: they should have come from the record.",
            good=good,
        )
        return good

    def _follow(self, table: str, restored_at: float, active_at: float) -> dict[str, Any]:
        """Show each attempt; return the settings of the restored table before the function found it ACTIVE."""
        before: dict[str, Any] = {}
        self._attempts: list[Invocation] = []
        with self._screen.busy("The restore waits in the queue between two attempts"):
            while not self._finished and (due := self._service.next_due()) is not None:
                if due >= restored_at + LIMIT_SECONDS:
                    break
                if not before and due > active_at:
                    before = self._show_restored(table, restored_at, active_at)
                self._advance_to(due)
                for invocation in self._service.poll_once():
                    for line in invocation.log_lines:
                        self._screen.note(line)
                    if invocation.function_name == self._outputs["function_name"]:
                        self._attempts.append(invocation)
                        self._show(invocation, restored_at)
        if not self._attempts:
            raise DemoError("The function never ran: no event of the restore reached its queue.")
        seconds = self._aws.clock.now() - active_at
        before = before or self._show_restored(table, restored_at, active_at)
        self._screen.line()
        outcomes = [report["outcome"] for report in reports(self._attempts[-1])]
        good = outcomes == ["in_sync"]
        how = "In sync" if good else f"Not in sync, but {' '.join(outcomes) or 'without a report'}:"
        when = f"{_duration(abs(seconds))} {'after' if seconds >= 0 else 'before'} the table was ACTIVE"
        self._screen.verdict(f"{how} {when}, at attempt {len(self._attempts)}.", good=good)
        return before

    @property
    def _finished(self) -> bool:
        """Whether the last attempt has ended the restore; the recorder may have messages all the same."""
        found = reports(self._attempts[-1]) if self._attempts else []
        return bool(found) and all(report["outcome"] != "waiting" for report in found)

    def _show_restored(self, table: str, restored_at: float, active_at: float) -> dict[str, Any]:
        self._advance_to(active_at + 1)
        self._screen.end_of_repetition()
        settings = _settings_of(self._aws, table)
        lost = [setting for setting, value in settings.items() if words(setting, value) == NONE]
        detail = f"{table} is there, without {', '.join(lost)}" if lost else f"{table} is there"
        self._screen.moment(active_at - restored_at, "ACTIVE", detail, "bold magenta")
        return settings

    def _advance_to(self, moment: float) -> None:
        self._aws.clock.advance(max(0.001, moment - self._aws.clock.now()))

    def _show(self, invocation: Invocation, restored_at: float) -> None:
        at = invocation.at - restored_at
        what = f"attempt {len(self._attempts)}"
        if invocation.error:
            self._screen.end_of_repetition()
            self._screen.moment(at, what, f"{invocation.error['errorType']}: {invocation.error['errorMessage']}", "red")
        for report in reports(invocation):
            if report["outcome"] == "waiting":
                detail = f"waiting: {_why(report)}; next attempt in {report['next_attempt_seconds']} s"
                self._screen.repeated_moment(at, len(self._attempts), _why(report), detail)
            else:
                self._screen.end_of_repetition()
                self._screen.moment(at, what, report["outcome"], "bold green")
            off = [name for name, outcome in report["settings"].items() if outcome["reason"].endswith(" is false")]
            for setting, outcome in report["settings"].items():
                if setting not in off and (outcome["changes"] or outcome["status"] in {"failed", "skipped"}):
                    operations = Counter(change["operation"] for change in outcome["changes"])
                    done = [name + (f" x{count}" if count > 1 else "") for name, count in operations.items()]
                    self._screen.detail(setting, outcome["status"], ", ".join(done) or outcome["reason"])
            if off and report["outcome"] != "waiting":
                self._screen.detail("off by default", "skipped", ", ".join(off))

    def _settled(self, table: str, source: dict[str, Any]) -> dict[str, Any]:
        """Give AWS the time that it needs after the last change, and return the settings of the restored table."""
        end = self._aws.clock.now() + STATUS_SECONDS
        after = _settings_of(self._aws, table)
        while after != source and self._aws.clock.now() < end:
            self._aws.clock.advance(STATUS_SECONDS / 4)
            after = _settings_of(self._aws, table)
        return after

    def _compare(self, source: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> bool:
        rows = [
            (
                setting,
                words(setting, value),
                words(setting, before.get(setting)),
                words(setting, after.get(setting)),
                value == after.get(setting),
            )
            for setting, value in source.items()
        ]
        self._screen.table(rows)
        different = [setting for setting, *_, equal in rows if not equal]
        self._screen.verdict(
            f"Not equal: {', '.join(different)}." if different else f"All {len(rows)} settings are equal.",
            good=not different,
        )
        for setting in different:
            self._screen.note(f"{setting}: source {source[setting]!r}, restored {after.get(setting)!r}")
        return not different

    def _deliver_again(self) -> bool:
        """Deliver the first message once more; return whether nothing was written and nothing is in the DLQ."""
        already = len(self._aws.calls)
        sqs = self._aws.client("sqs")
        body = self._attempts[0].event["Records"][0]["body"]
        sqs.send_message(QueueUrl=self._outputs["queue_url"], MessageBody=body)
        invocations = self._service.run_until_idle(LIMIT_SECONDS)
        writes = [name for name in self._calls_of_the_function(already) if not name.startswith(READS)]
        outcomes = [report["outcome"] for invocation in invocations for report in reports(invocation)]
        # Of a restore that has ended, a second report is dropped.
        good = not writes and outcomes in ([], ["in_sync"])
        self._screen.verdict(
            "The same event was delivered a second time, and the function wrote nothing."
            if good
            else f"A second delivery ended as {outcomes} and wrote {writes}: it should have written nothing.",
            good=good,
        )
        failed = sqs.receive_message(QueueUrl=self._outputs["dlq_url"], MessageAttributeNames=["All"]).get(
            "Messages", []
        )
        for message in failed:
            reason = message.get("MessageAttributes", {}).get("FailureReason", {}).get("StringValue", "no reason given")
            self._screen.verdict(f"A message is in the dead-letter queue: {reason}", good=False)
        return good and not failed

    def _calls_of_the_function(self, first: int) -> Iterator[str]:
        name = self._outputs["function_name"]
        for call in self._aws.calls[first:]:
            if (
                call.principal
                and call.principal.arn.endswith(f"/{name}")
                and call.service not in {"events", "s3", "sqs"}
            ):
                yield call.operation

    def _check_source(self, source: dict[str, Any]) -> bool:
        good = _settings_of(self._aws, SOURCE) == source
        text = (
            f"The source table {SOURCE} is unchanged."
            if good
            else f"The source table {SOURCE} has changed: it must not."
        )
        self._screen.verdict(text, good=good)
        return good


class DemoError(Exception):
    """The demo cannot go on; the message says why in one sentence."""


def reports(invocation: Invocation) -> list[dict[str, Any]]:
    """Return the log lines of an invocation that carry a report."""
    return [record for record in invocation.log_records if "outcome" in record and "settings" in record]


def _why(report: dict[str, Any]) -> str:
    return str(report.get("reason", "")).rstrip(".")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
