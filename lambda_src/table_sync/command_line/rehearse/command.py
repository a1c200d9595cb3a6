"""Run a rehearsal, remove what it created whatever happens, and print what was seen."""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from table_sync.command_line import command_errors
from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.doctor.command import add_name
from table_sync.command_line.doctor.deployment import Deployment
from table_sync.command_line.doctor.finding import UnreadableError
from table_sync.command_line.rehearse import removal, tables
from table_sync.command_line.rehearse.interruption import Interruption
from table_sync.command_line.rehearse.names import PREFIX, TAG, Names
from table_sync.command_line.rehearse.rehearsal import CALLED, WAYS, Outcome, Rehearsal, Report
from table_sync.config import Config, ConfigurationError

if TYPE_CHECKING:
    import argparse

IN_SYNC, ERROR, NOT_IN_SYNC, INTERRUPTED = 0, 1, 2, 130
_EXIT_CODES = {Outcome.IN_SYNC: IN_SYNC, Outcome.ERROR: ERROR, Outcome.INTERRUPTED: INTERRUPTED}
_SENTENCES = {
    Outcome.IN_SYNC: "The deployed module gave every setting back.",
    Outcome.DIFFERS: "The settings are not equal",
    Outcome.FAILED: "The module gave up",
    Outcome.TIMEOUT: "Time is up",
    Outcome.INTERRUPTED: "The rehearsal was interrupted",
    Outcome.ERROR: "The rehearsal could not go on",
}
_COST = (
    "About one US cent, mostly the metrics of one restore. Tables and backup are empty. An alarm costs 10 cents a "
    "month, prorated by the hour"
)
EPILOG = f"""\
Creates a small table with settings, restores it, watches the deployed module, compares both tables with plain API
calls, and removes everything that it created, even after Ctrl-C or a failure. --dry-run says what it would create.

  table-sync rehearse --name dynamodb-pitr-table-sync --way backup

Every name that it creates begins with {PREFIX}. If the process is killed, --clean removes what is left.

Exit codes: 0 if the tables are in sync, 2 if not, 1 after an error or if something could not be removed, 130 if
interrupted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    add_name(parser)
    parser.add_argument("--way", choices=WAYS, default="point-in-time", help="how to restore (default point-in-time)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be created and what it costs")
    parser.add_argument("--clean", action="store_true", help="only remove what earlier rehearsals left behind")
    parser.add_argument("--json", action="store_true", help="print the report as JSON, and the table on standard error")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=3600,
        help="how long to wait for the module after the restore call (default 3600)",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise CommandError(f"{text!r} is not a number of seconds: give 0 or more to --timeout.")
    return seconds


def run(options: argparse.Namespace, region: str) -> int:
    """Run the command; return its exit code.

    Args:
        options: those of `add_arguments`.
        region: where the module is deployed.

    Raises:
        CommandError: the module is not there, or would not process the restore.
        botocore.exceptions.BotoCoreError: there are no credentials, or AWS cannot be reached.
        botocore.exceptions.ClientError: AWS refused a read, before anything was created.

    """
    if options.clean:
        return _clean(region, as_json=options.json)
    deployment = Deployment(options.name, region)
    names = Names.new()
    try:
        rehearsal = Rehearsal(deployment, _config(deployment), names, options.way, options.timeout, _progress)
        rehearsal.check()
    except UnreadableError as error:
        raise CommandError(f"The module {options.name} cannot be looked at: {error}, {error.what_to_do}") from error
    if options.dry_run:
        return _plan(rehearsal, deployment, as_json=options.json)
    return _rehearse(rehearsal, region, as_json=options.json)


def _config(deployment: Deployment) -> Config:
    """Return what the function is configured to do."""
    try:
        return deployment.config()
    except ConfigurationError as error:
        raise CommandError(f"{deployment.name} does not accept its environment: {error}") from error


def _plan(rehearsal: Rehearsal, deployment: Deployment, *, as_json: bool) -> int:
    names = rehearsal.report.names
    where = f"{deployment.region}, account {deployment.location.account}"
    creates = [
        f"table {names.source}, on demand, empty: " + ", ".join(tables.SETTINGS[name] for name in rehearsal.settings),
        *([f"backup {names.source}"] if rehearsal.report.way == "backup" else []),
        f"table {names.target}, by {WAYS[rehearsal.report.way]}, and what the module gives it",
    ]
    if as_json:
        planned = {"way": rehearsal.report.way, "creates": creates, "settings": rehearsal.settings, "cost": _COST}
        json.dump(planned | {"tag": {TAG: names.rehearsal_id}}, sys.stdout, indent=2)
        print()
        return IN_SYNC
    print(f"A rehearsal in {where} would create, and remove at its end:\n")
    for line in creates:
        print(f"  {line}")
    print(f"\nThe source table gets the tag {TAG}, by which --clean finds it.\n{_COST}. Nothing was created.")
    return IN_SYNC


def _rehearse(rehearsal: Rehearsal, region: str, *, as_json: bool) -> int:
    report = rehearsal.report
    interruption = Interruption()
    with interruption.handled():
        _guarded(rehearsal, interruption)
        try:
            report.removed = removal.remove(report.names, region, _progress)
        except Exception as error:  # noqa: BLE001 (it is reported, with what is left)
            report.left = f"{error}"
    if interruption.came and report.outcome is Outcome.IN_SYNC:
        report.outcome, report.reason = Outcome.INTERRUPTED, "while everything was removed"
    # With --json, standard output is for the report alone.
    with contextlib.suppress(OSError):
        _print(report, sys.stderr if as_json else sys.stdout)
    if as_json:
        json.dump(report.as_dict(), sys.stdout, indent=2, default=str)
        print()
    code = _EXIT_CODES.get(report.outcome, NOT_IN_SYNC)
    return ERROR if report.left and code != INTERRUPTED else code


def _guarded(rehearsal: Rehearsal, interruption: Interruption) -> None:
    """Run the rehearsal; whatever ends it is in the report afterwards, and signals are only noted."""
    report = rehearsal.report
    try:
        try:
            rehearsal.run()
        finally:
            interruption.ignore()
    except KeyboardInterrupt:
        report.outcome, report.reason = Outcome.INTERRUPTED, ""
    except (BotoCoreError, ClientError) as error:
        report.outcome, report.reason = Outcome.ERROR, command_errors.explain(error)
    except Exception as error:  # noqa: BLE001 (what was created has to be removed)
        report.outcome, report.reason = Outcome.ERROR, str(error) or type(error).__name__


def _clean(region: str, *, as_json: bool) -> int:
    removed: list[str] = []
    left: list[str] = []
    for names in removal.leftovers(region):
        try:
            removed += removal.remove(names, region, _progress)
        except Exception as error:  # noqa: BLE001 (the others are removed all the same)
            left.append(str(error))
    if as_json:
        json.dump({"removed": removed, "left": left}, sys.stdout, indent=2)
        print()
    else:
        for what in removed:
            print(f"Removed {what}.")
        if not removed and not left:
            print(f"No rehearsal has left anything in {region}.")
    for what in left:
        print(f"Not removed: {what}.", file=sys.stderr)
    return ERROR if left else IN_SYNC


def _print(report: Report, stream: Any) -> None:  # noqa: ANN401 (a text stream)
    called = report.steps.get(CALLED)
    print(f"\n{report.names.source} -> {report.names.target}, {report.way}\n", file=stream)
    for step, at in report.steps.items():
        clock = f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"
        after = f"{at - called:+.0f} s" if called else ""
        print(f"  {clock}  {after:>8}  {step}", file=stream)
    if report.settings:
        print(file=stream)
    width = max(map(len, report.settings), default=0)
    for name, (source, target) in report.settings.items():
        values = "" if source == target else f"  source {_text(source)}, restored table {_text(target)}"
        print(f"  {name:{width}}  {'equal' if source == target else 'differs'}{values}", file=stream)
    sentence = _SENTENCES[report.outcome]
    reason = f": {report.reason.rstrip('.')}." if report.reason else "" if sentence.endswith(".") else "."
    print(f"\n{sentence.rstrip('.') if report.reason else sentence}{reason}", file=stream)
    if report.left:
        print(f"Not everything was removed: {report.left.rstrip('.')}. Run table-sync rehearse --clean.", file=stream)
    elif report.removed:
        print("Everything that it created was removed.", file=stream)


def _text(value: Any) -> str:  # noqa: ANN401 (any JSON)
    return json.dumps(value, default=str)


def _progress(message: str) -> None:
    """Tell a step on standard error; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{datetime.fromtimestamp(time.time(), UTC):%H:%M:%S}  {message}", file=sys.stderr, flush=True)
