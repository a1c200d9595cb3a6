"""The command line, `table-sync`: its arguments, commands and exit codes."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import textwrap
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from botocore.exceptions import BotoCoreError, ClientError

from table_sync import __version__, aws
from table_sync.aws import Location, Table
from table_sync.command_line import (
    check_plan,
    command_errors,
    credentials,
    differences,
    generated_configuration,
    import_blocks,
    presentation,
    record_commands,
    record_source,
    restores,
    standard_output,
    takeover,
)
from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.doctor import command as doctor
from table_sync.command_line.rehearse import command as rehearse
from table_sync.report import DIFFERS, FAILED, IN_SYNC, WAITING
from table_sync.selected_settings import SelectionError, select_settings
from table_sync.settings import SETTINGS, triggers
from table_sync.settings.setting import Status
from table_sync.sync import Reconciliation
from table_sync.time_sharing import converge
from table_sync.which_source import Records
from table_sync.which_tables import swapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from table_sync.report import Report
    from table_sync.settings.setting import Change

EQUAL, ERROR, DIFFERENT, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES = {IN_SYNC: EQUAL, FAILED: ERROR, DIFFERS: DIFFERENT, WAITING: DIFFERENT}
# Between two attempts where AWS takes longer than converge() waits, in seconds.
PAUSE = 15
# Reads may be behind writes: ListTagsOfResource by 2 to 3 s (live probe, October 2026).
VERIFICATIONS = 6
VERIFICATION_PAUSE = 2

_ON_BY_DEFAULT = frozenset(setting.NAME for setting in SETTINGS if setting.DEFAULT)
_OFF_BY_DEFAULT = [setting.NAME for setting in SETTINGS if setting.NAME not in _ON_BY_DEFAULT]
_NAMES = ", ".join(setting.NAME for setting in SETTINGS)

_DESCRIPTION = """\
Compare a restored DynamoDB table with its source, copy the settings that the restore dropped, and bring the table back
under Terraform. Only doctor, rehearse, records and restores need the deployed module. The source table is never
written to."""
_TABLES = """\
SOURCE and TARGET are names or ARNs. A name is looked up in the Region of --region, AWS_REGION, AWS_DEFAULT_REGION or
the profile. A difference is something that the source has and the target lacks. Differences are shown as
source -> target. Settings that only the target has are kept. SOURCE may also be a record of a table: a file, or
s3://BUCKET/KEY with ?versionId=ID for an older version."""
_DIFF_EPILOG = f"""\
{_TABLES}

Settings: {_NAMES}. Without --only, all are compared.

Exit codes: 0 if all are equal (except what the target cannot have), 2 if one differs or AWS is still working on the
target, 1 after an error."""
_SYNC_EPILOG = f"""\
{_TABLES}

Settings: {_NAMES}. Without --only, all are copied{" except " + ", ".join(_OFF_BY_DEFAULT) if _OFF_BY_DEFAULT else ""}.

Exit codes: 0 if all are equal now (except what is left alone), 2 if one differs (after a dry run, without your
confirmation, or while AWS is still working on the target), 1 after an error or if a setting cannot be made equal."""
_IMPORT_EPILOG = """\
Save the blocks beside your configuration, then:

  terraform plan -generate-config-out=generated.tf

Terraform 1.5 or newer is needed. Comments name what the AWS provider cannot import."""
_TAKEOVER_EPILOG = """\
First change the table's name in your configuration. The command reads the state from standard input, and changes
nothing:

  terraform show -json | table-sync takeover orders orders-restored --forget forget.sh > takeover.tf
  sh forget.sh

Then plan, and check the plan with check-plan."""
_CHECK_EPILOG = """\
Reads the plan from standard input:

  terraform show -json adopt.tfplan | table-sync check-plan

Exit codes: 0 if the plan destroys, replaces and changes nothing, 2 if it does, 1 after an error."""
_REPAIR_EPILOG = """\
Changes FILE:

  table-sync repair generated.tf

Then plan again, without -generate-config-out."""


class _HelpFormatter(argparse.HelpFormatter):
    """Fits texts to the terminal without breaking words; indented lines, which are commands, stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = [
            paragraph if paragraph.startswith("  ") else "\n".join(self._split_lines(paragraph, width))
            for paragraph in text.split("\n\n")
        ]
        return "\n\n".join(textwrap.indent(paragraph, indent) for paragraph in paragraphs)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if missing := re.fullmatch("the following arguments are required: (.+)", message):
            names = missing[1].split(", ")
            message = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
        elif unknown := re.match("argument COMMAND: invalid choice: ('.*?')", message):
            message = f"{unknown[1]} is not a command"
        raise CommandError(f"{message[:1].upper()}{message[1:]}: see {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code.

    Args:
        arguments: those of the command line, by default the process's.

    """
    standard_output.take_any_character()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except CommandError as error:
        sentence = str(error)
    except (BotoCoreError, ClientError) as error:
        sentence = command_errors.explain(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads the output has seen enough.
        standard_output.give_up_output()
        return ERROR
    except OSError as error:
        standard_output.give_up_output()
        sentence = f"The output cannot be written: {command_errors.of_file(error)}"
    sentence = f"{' '.join(sentence.split()).rstrip('.')}."
    if "--json" not in given:
        presentation.say(sentence, sys.stderr)
        return ERROR
    try:
        print(json.dumps({"outcome": FAILED, "reason": sentence}, indent=2), flush=True)
    except OSError:
        standard_output.give_up_output()
    return ERROR


def _run(arguments: Sequence[str]) -> int:
    try:
        options = _parser().parse_args(_with_lists_joined(arguments))
        code: int = options.run(options)
    finally:
        # Here, where a reader that has gone away or a full disk is expected, and not at the interpreter's end.
        sys.stdout.flush()
    return code


def _with_lists_joined(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with a list after --only as one of them, though there may be spaces at its commas."""
    joined: list[str] = []
    in_list = False
    for argument in arguments:
        if in_list and joined[-1] != "--only" and (joined[-1].endswith(",") or argument.startswith(",")):
            joined[-1] += argument
            continue
        in_list = argument.startswith("--only=") or (bool(joined) and joined[-1] == "--only")
        joined.append(argument)
    return joined


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="table-sync", description=_DESCRIPTION, formatter_class=_HelpFormatter)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_session(parser)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    diff = _command(commands, "diff", "compare the settings of two tables", _DIFF_EPILOG)
    diff.set_defaults(run=_diff)
    sync = _command(commands, "sync", "make the target's settings equal to the source's", _SYNC_EPILOG)
    sync.set_defaults(run=_sync)
    for command in (diff, sync):
        command.add_argument("source", metavar="SOURCE", help="table that was restored from, or a record of it")
        command.set_defaults(record=None)
        command.add_argument("target", metavar="TARGET", help="table that was restored")
        command.add_argument(
            "--only",
            metavar="NAME[,NAME...]",
            type=_names,
            action="extend",
            help="only these settings; may be repeated",
        )
        command.add_argument(
            "--create-triggers-disabled",
            action="store_true",
            help="create event source mappings disabled: no function runs until somebody enables them",
        )
        command.add_argument("--calls", action="store_true", help="show the API calls too")
        command.add_argument("--json", action="store_true", help="print the report, or the error, as JSON")
    sync.add_argument("--yes", action="store_true", help="do not ask (refused if SOURCE is younger than TARGET)")
    sync.add_argument("--dry-run", action="store_true", help="write nothing")
    sync.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=3600,
        help="how long to wait for AWS, which may still be restoring the target (default 3600)",
    )

    imports = _command(commands, "import-blocks", "write Terraform import blocks for a table", _IMPORT_EPILOG)
    imports.set_defaults(run=_import_blocks)
    imports.add_argument("target", metavar="TARGET", help="name or ARN of the table")
    imports.add_argument(
        "--address",
        type=_address,
        help="address of the table, such as aws_dynamodb_table.orders (default: derived from its name)",
    )

    takes_over = _command(
        commands, "takeover", "bind the old table's addresses in Terraform to the restored table", _TAKEOVER_EPILOG
    )
    takes_over.set_defaults(run=_takeover)
    takes_over.add_argument("source", metavar="SOURCE", help="name of the old table, as in the state")
    takes_over.add_argument("target", metavar="TARGET", help="name or ARN of the restored table; may be SOURCE's name")
    takes_over.add_argument(
        "--forget", metavar="FILE", help="write the command that removes the old resources from the state to FILE"
    )
    for command in (imports, takes_over):
        command.add_argument(
            "--scheduled-actions",
            metavar="FILE",
            help="write resource blocks of scheduled actions, which the provider cannot import, to FILE",
        )

    lists = _command(commands, "restores", "list the archived restores, newest first", restores.EPILOG)
    lists.set_defaults(run=_restores)
    restores.add_arguments(lists)

    checks = _command(
        commands, "check-plan", "say whether a plan destroys, replaces or changes anything", _CHECK_EPILOG
    )
    checks.set_defaults(run=_check_plan)

    repairs = _command(
        commands, "repair", "remove values that the AWS provider refuses from generated configuration", _REPAIR_EPILOG
    )
    repairs.set_defaults(run=_repair)
    repairs.add_argument("file", metavar="FILE", help="file that terraform plan -generate-config-out has written")

    recording = _command(commands, "record", "print the settings of a table as a record", record_commands.RECORD_EPILOG)
    recording.set_defaults(run=_record)
    recording.add_argument("table", metavar="TABLE", help="name or ARN of the table")

    recorded = _command(
        commands, "records", "list the records of a table and how they differ", record_commands.RECORDS_EPILOG
    )
    recorded.set_defaults(run=_records)
    recorded.add_argument("table", metavar="TABLE", help="name or ARN of the table, which may be gone")
    recorded.add_argument("--bucket", required=True, help="name of the bucket of records")
    recorded.add_argument("--json", action="store_true", help="print the records, or the error, as JSON")

    examines = _command(commands, "doctor", "check that the deployed module can do its work", doctor.EPILOG)
    examines.set_defaults(run=_doctor)
    doctor.add_arguments(examines)

    rehearses = _command(commands, "rehearse", "restore a test table, and watch the deployed module", rehearse.EPILOG)
    rehearses.set_defaults(run=_rehearse)
    rehearse.add_arguments(rehearses)
    return parser


def _command(commands: Any, name: str, what: str, epilog: str) -> argparse.ArgumentParser:  # noqa: ANN401 (private type)
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=f"{what[:1].upper()}{what[1:]}.",
        epilog=epilog,
        formatter_class=_HelpFormatter,
    )
    # Where it is not given, what was given before the command stays.
    _add_session(command, default=argparse.SUPPRESS)
    return command


def _add_session(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    parser.add_argument("--profile", default=default, help="profile in the AWS configuration")
    parser.add_argument(
        "--region", default=default, help="AWS Region, by default that of the environment or the profile"
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _enabled(options: argparse.Namespace, otherwise: frozenset[str]) -> frozenset[str]:
    """Return the settings to compare: those of every --only, which must include what each needs."""
    if options.only is None:
        return otherwise
    try:
        return select_settings(options.only, "--only")
    except SelectionError as error:
        raise CommandError(str(error)) from error


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < math.inf:
        raise CommandError(f"{text!r} is not a number of seconds: give 0 or more to --timeout.")
    return seconds


def _address(text: str) -> str:
    if not import_blocks.is_table_address(text):
        raise CommandError(f"{text!r} is not the address of a table: give one like aws_dynamodb_table.orders.")
    return text


def _diff(options: argparse.Namespace) -> int:
    enabled = _enabled(options, frozenset(setting.NAME for setting in SETTINGS))
    source, target = _tables(options)
    order = swapped(source, target)
    if order:
        presentation.say(f"{order}.", sys.stderr)
    reconciliation = _attempts(source, target, enabled, options)(dry_run=True)
    reconciliation.run_pass()
    if reconciliation.report.outcome == WAITING:
        credentials.refuse_to_wait(target)
    return _show(reconciliation.report.compared(), enabled, options)


def _sync(options: argparse.Namespace) -> int:
    enabled = _enabled(options, _ON_BY_DEFAULT)
    if not (options.yes or options.dry_run or sys.stdin.isatty()):
        raise CommandError("Nobody can be asked, since standard input is not a terminal: give --yes or --dry-run.")
    source, target = _tables(options)
    order = swapped(source, target)
    if order and options.yes and not options.dry_run:
        raise CommandError(f"{order}, so swap the two, or leave out --yes to be asked.")
    if order:
        presentation.say(f"{order}.", sys.stderr)
    attempt = _attempts(source, target, enabled, options)
    deadline = time.monotonic() + (0 if options.dry_run else options.timeout)
    if not options.yes or options.dry_run:
        plan = _finished(attempt, target, deadline, options, dry_run=True)
        if options.dry_run or plan.outcome == WAITING or not any(outcome.changes for outcome in plan.settings.values()):
            return _show(plan, enabled, options)
        # With --json, standard output is for the report alone.
        stream = sys.stderr if options.json else sys.stdout
        presentation.write(plan, enabled, stream, calls=options.calls)
        if order:
            # Once more, beside the question, which may come an hour after the command.
            presentation.say(f"{order}.", stream)
        if not _confirmed(target, stream):
            print("Nothing was changed.", file=stream)
            return DIFFERENT
    done = _finished(attempt, target, deadline, options)
    return _show(_verified(done, attempt) if done.outcome == IN_SYNC else done, enabled, options)


def _import_blocks(options: argparse.Namespace) -> int:
    _set_up(options)
    table = _described(options.target, options)
    if table.status == "CREATING":
        raise CommandError(f"Table {table.name} is CREATING: wait until it is ACTIVE.")
    return _print_blocks(import_blocks.write(table, options.address), options)


def _takeover(options: argparse.Namespace) -> int:
    if not aws.is_table_name(options.source):
        raise CommandError(
            f"{options.source!r} is not the name of a table: give the old table's name, as in the state."
        )
    state = _standard_input("terraform show -json")
    _set_up(options)
    target = _described(options.target, options)
    taken = takeover.plan(state, options.source, target)
    if options.forget:
        _save(options.forget, taken.forget + "\n")
    elif taken.forget:
        print(
            f"Remove the old resources from the state, which changes nothing in AWS:\n\n{taken.forget}\n",
            file=sys.stderr,
        )
    for note in taken.notes:
        presentation.say(note, sys.stderr)
    return _print_blocks(taken.blocks, options)


def _restores(options: argparse.Namespace) -> int:
    _set_up(options)
    credentials.sign_in()
    found = restores.read(options.bucket, _region(options), options.limit)
    if options.json:
        json.dump([restore.as_dict() for restore in found], sys.stdout, indent=2)
        print()
    else:
        print(restores.table(found))
    return EQUAL


def _check_plan(_: argparse.Namespace) -> int:
    clean, sentence = check_plan.check(_standard_input("terraform show -json PLAN"))
    presentation.say(sentence, sys.stdout)
    return EQUAL if clean else DIFFERENT


def _repair(options: argparse.Namespace) -> int:
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(
            f"{options.file} cannot be read ({command_errors.of_file(error)}): give the file that "
            "terraform plan -generate-config-out has written."
        ) from error
    repaired, count = generated_configuration.repair(text)
    _save(options.file, repaired)
    print(f"{options.file}: {count} arguments and blocks removed.")
    return EQUAL


def _record(options: argparse.Namespace) -> int:
    _set_up(options)
    record_commands.print_record(_described(options.table, options))
    return EQUAL


def _records(options: argparse.Namespace) -> int:
    _set_up(options)
    record_commands.print_records(_named(options.table, options), options.bucket, as_json=options.json)
    return EQUAL


def _named(text: str, options: argparse.Namespace) -> Table:
    """Return the table of a name or an ARN without asking DynamoDB for it."""
    if aws.is_table_arn(text):
        credentials.sign_in()
        return Table(text)
    if not aws.is_table_name(text):
        raise CommandError(
            f"{text!r} is neither the name nor the ARN of a table: a name has 3 to 255 letters, digits, _, - or dots."
        )
    region = _region(options)
    credentials.sign_in()
    return Table(Location.of_caller(region).table_arn(text))


def _doctor(options: argparse.Namespace) -> int:
    _set_up(options)
    credentials.sign_in()
    return doctor.run(options.name, _region(options), as_json=options.json)


def _rehearse(options: argparse.Namespace) -> int:
    _set_up(options)
    credentials.sign_in()
    return rehearse.run(options, _region(options))


def _save(file: str, text: str) -> None:
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            f"{file} cannot be written ({command_errors.of_file(error)}): give a file that you may write."
        ) from error


def _standard_input(command: str) -> str:
    if sys.stdin.isatty():
        raise CommandError(f"Nothing is piped in: run {command} | table-sync.")
    return sys.stdin.read()


def _print_blocks(blocks: import_blocks.Blocks, options: argparse.Namespace) -> int:
    if options.scheduled_actions and blocks.scheduled_actions:
        _save(options.scheduled_actions, blocks.scheduled_actions + "\n")
    print(blocks.text, end="")
    if blocks.caution:
        presentation.say(blocks.caution, sys.stderr)
    if blocks.left_out:
        raise CommandError(
            f"There are no blocks for {', '.join(blocks.left_out)}: comments among the blocks say why; see to that, "
            "and run the command again."
        )
    return EQUAL


def _set_up(options: argparse.Namespace) -> None:
    """Let the clients be those of --profile, and of no earlier command in this process."""
    aws.start_session(options.profile)


def _tables(options: argparse.Namespace) -> tuple[Table, Table]:
    """Return source and target, described.

    Raises:
        CommandError: one of them is not there, or they cannot be compared.
        botocore.exceptions.BotoCoreError: AWS cannot be asked.
        botocore.exceptions.ClientError: AWS refused to say.

    """
    _set_up(options)
    if record_source.names_a_record(options.source):
        target = _described(options.target, options)
        options.record = record_source.read(options.source, target.region)
        return options.record.table, target
    source, target = (_described(table, options) for table in (options.source, options.target))
    if source.arn == target.arn:
        raise CommandError(f"SOURCE and TARGET are the same table, {source.arn}: give two.")
    return source, target


def _described(text: str, options: argparse.Namespace) -> Table:
    """Return the table of a name or an ARN; its account shows in DescribeTable's answer."""
    if aws.is_table_arn(text):
        name, region = Table(text).name, Table(text).region
    elif aws.is_table_name(text):
        name, region = text, _region(options)
    else:
        raise CommandError(
            f"{text!r} is neither the name nor the ARN of a table: a name has 3 to 255 letters, digits, _, - or dots."
        )
    with suppress(Exception):
        # In the Region of its first client botocore asks STS for credentials.
        aws.client("dynamodb", region)
    credentials.sign_in()
    try:
        client = aws.client("dynamodb", region)
    except ValueError as error:
        raise CommandError(f"There is no DynamoDB endpoint for the Region {region}: {error}") from error
    try:
        description = client.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if command_errors.code(error) != "ResourceNotFoundException":
            raise
        raise CommandError(
            f"Table {name} was not found in {region}: check the name, the Region and whose credentials these are."
        ) from error
    table = Table(description["TableArn"], description)
    if aws.is_table_arn(text) and table.arn != text:
        raise CommandError(f"{text} is in another account than the credentials, which are for {table.account}.")
    return table


def _region(options: argparse.Namespace) -> str:
    region = options.region or os.environ.get("AWS_REGION") or aws.session().get_config_variable("region")
    if not region:
        raise CommandError("No Region is set: give --region, or set AWS_REGION.")
    return str(region)


def _attempts(
    source: Table, target: Table, enabled: frozenset[str], options: argparse.Namespace
) -> Callable[..., Reconciliation]:
    """Return what makes the next attempt; it takes `dry_run`."""
    adapt = {triggers.NAME: triggers.disabled} if options.create_triggers_disabled else {}
    left_out: dict[str, list[tuple[Change, str]]] = {}

    def attempt(*, dry_run: bool = False) -> Reconciliation:
        # A new Table for the source: what an earlier attempt found may have changed.
        return Reconciliation(
            Table(source.arn),
            target,
            enabled,
            dry_run=dry_run,
            adapt=adapt,
            left_out=left_out,
            records=Records(given=options.record),
        )

    return attempt


def _finished(
    attempt: Callable[..., Reconciliation],
    target: Table,
    deadline: float,
    options: argparse.Namespace,
    *,
    dry_run: bool = False,
) -> Report:
    """Make one attempt after another, as the queue does, until nothing is pending or `deadline` (time.monotonic).

    Returns:
        the report of the last attempt, with the changes of all.

    """
    progress = presentation.Progress(sys.stderr)
    try:
        return _last_report(attempt, target, deadline, progress, options.timeout, dry_run=dry_run)
    finally:
        progress.end()


def _last_report(  # noqa: PLR0913 (each is a fact of the wait)
    attempt: Callable[..., Reconciliation],
    target: Table,
    deadline: float,
    progress: presentation.Progress,
    limit: float,
    *,
    dry_run: bool,
) -> Report:
    changes: dict[str, tuple[Change, ...]] = {}
    begun = time.monotonic()
    while True:
        reconciliation = attempt(dry_run=dry_run)
        converge([reconciliation], lambda: math.inf)
        report = reconciliation.report
        if not dry_run:
            report = _with_earlier_changes(report, changes)
            changes = {name: outcome.changes for name, outcome in report.settings.items()}
        if report.outcome != WAITING:
            return report
        credentials.refuse_to_wait(target)
        if time.monotonic() >= deadline:
            return report
        for _ in range(PAUSE):
            progress.show(report.reason, time.monotonic() - begun, limit)
            time.sleep(1)


def _with_earlier_changes(report: Report, changes: Mapping[str, tuple[Change, ...]]) -> Report:
    outcomes = {
        name: replace(
            outcome,
            status=Status.APPLIED if outcome.status is Status.UNCHANGED and changes.get(name) else outcome.status,
            changes=(*changes.get(name, ()), *outcome.changes),
        )
        for name, outcome in report.settings.items()
    }
    return replace(report, settings=outcomes)


def _verified(done: Report, attempt: Callable[..., Reconciliation]) -> Report:
    """Return the report of what was done, or of what differs all the same."""
    for _ in range(VERIFICATIONS):
        reconciliation = attempt(dry_run=True)
        reconciliation.run_pass()
        if reconciliation.report.outcome == IN_SYNC:
            return done
        time.sleep(VERIFICATION_PAUSE)
    return reconciliation.report


def _confirmed(target: Table, stream: TextIO) -> bool:
    question = f"Copy these settings to {target.name} ({target.region}, account {target.account})? [y/N] "
    print(question, end="", file=stream, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _show(report: Report, enabled: frozenset[str], options: argparse.Namespace) -> int:
    if options.json:
        shown = report.as_dict()
        for name, outcome in report.settings.items():
            if name not in enabled:
                shown["settings"][name]["reason"] = "not selected"
            elif outcome.changes:
                found = [one.as_dict() for change in outcome.changes for one in differences.between(change)]
                shown["settings"][name]["differences"] = found
        # Scheduled actions have times.
        json.dump(shown, sys.stdout, indent=2, default=lambda time: time.isoformat())
        print()
    else:
        presentation.write(report, enabled, sys.stdout, calls=options.calls)
    return EXIT_CODES[report.outcome]
