"""Make all checks and print them: a line each, or JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING

from table_sync.command_line.command_errors import CommandError
from table_sync.command_line.doctor.checks import CHECKS
from table_sync.command_line.doctor.deployment import Deployment
from table_sync.command_line.doctor.finding import Finding, Status, UnreadableError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import TextIO

WELL, ERROR, PROBLEMS = 0, 1, 2
EPILOG = """\
Reads only. It finds the module's parts by their names, and names each permission that a check lacks.

  table-sync doctor --name dynamodb-pitr-table-sync

Exit codes: 0 if all is well, 2 if there is a problem, 1 after an error, or if no problem was found but a check could
not be made."""
_COLOURS = {Status.OK: "32", Status.PROBLEM: "31", Status.UNREADABLE: "33"}
_WIDTH = max(map(len, Status))
_CHECK_WIDTH = max(map(len, CHECKS))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    add_name(parser)
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")


def add_name(parser: argparse.ArgumentParser) -> None:
    """Add --name, which says what instance of the module is meant."""
    parser.add_argument("--name", metavar="NAME", type=_name, required=True, help="the module's input name")


def _name(text: str) -> str:
    # variables.tf, name
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,47}", text):
        raise CommandError(f"{text!r} is not a name of the module: give its input name to --name.")
    return text


def run(name: str, region: str, *, as_json: bool) -> int:
    """Make the checks, print them, and return the exit code.

    Args:
        name: the module's input.
        region: where it is deployed.
        as_json: whether the checks are printed as JSON.

    Raises:
        botocore.exceptions.BotoCoreError: there are no credentials, or AWS cannot be reached.
        botocore.exceptions.ClientError: AWS does not accept the credentials.

    """
    deployment = Deployment(name, region)
    account = deployment.location.account
    findings = examine(deployment)
    outcome = _outcome(findings)
    if as_json:
        shown = {"name": name, "region": region, "account": account, "outcome": outcome.value}
        json.dump(shown | {"checks": [finding.as_dict() for finding in findings]}, sys.stdout, indent=2)
        print()
    else:
        print(f"{name} in {region}, account {account}\n")
        for finding in findings:
            _print(finding, sys.stdout)
        print(f"\n{_sentence(findings)}")
    return {Status.OK: WELL, Status.PROBLEM: PROBLEMS, Status.UNREADABLE: ERROR}[outcome]


def examine(deployment: Deployment) -> list[Finding]:
    """Make the checks; return their lines."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            result = check(deployment)
        except UnreadableError as error:
            findings.append(Finding(name, Status.UNREADABLE, str(error), error.what_to_do))
            continue
        if result is not None:
            findings += result.findings(name)
    return findings


def _outcome(findings: Sequence[Finding]) -> Status:
    statuses = {finding.status for finding in findings}
    return next((status for status in (Status.PROBLEM, Status.UNREADABLE) if status in statuses), Status.OK)


def _print(finding: Finding, stream: TextIO) -> None:
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    status = f"{finding.status.value:{_WIDTH}}"
    status = f"\033[{_COLOURS[finding.status]}m{status}\033[0m" if coloured else status
    what_to_do = f": {finding.what_to_do}" if finding.what_to_do else ""
    message = f"{finding.message}{what_to_do}"
    print(f"{status}  {finding.check:{_CHECK_WIDTH}}  {' '.join(message.split())}", file=stream)


def _sentence(findings: Sequence[Finding]) -> str:
    problems, unreadable = (
        sum(finding.status is status for finding in findings) for status in (Status.PROBLEM, Status.UNREADABLE)
    )
    parts = []
    if problems:
        parts.append("1 problem was found" if problems == 1 else f"{problems} problems were found")
    if unreadable:
        parts.append("1 check could not be made" if unreadable == 1 else f"{unreadable} checks could not be made")
    return f"{', '.join(parts)}." if parts else "All well."
