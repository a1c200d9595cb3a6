"""The event patterns of the module's rules: as Terraform makes them, and those of the defaults written out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.terraform import REPOSITORY, TerraformError, find_terraform

if TYPE_CHECKING:
    from pathlib import Path

_TESTED = "awsbackup-restore-test-*"


def _none_of(pattern: str) -> list[dict[str, Any]]:
    return [{"exists": False}, {"anything-but": {"wildcard": [pattern]}}]


def _call(name: str, **parameters: Any) -> dict[str, Any]:
    return {
        "source": ["aws.dynamodb"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["dynamodb.amazonaws.com"],
            "eventName": [name],
            "errorCode": [{"exists": False}],
            "requestParameters": parameters,
        },
    }


DEFAULT_PATTERNS: dict[str, dict[str, Any]] = {
    "point_in_time": _call(
        "RestoreTableToPointInTime",
        targetTableName=_none_of(_TESTED),
        sourceTableName=_none_of(_TESTED),
        sourceTableArn=_none_of(f"*:table/{_TESTED}"),
    ),
    "backup": _call(
        "RestoreTableFromBackup",
        targetTableName=_none_of(_TESTED),
        backupArn=_none_of(f"*:table/{_TESTED}/backup/*"),
    ),
    "aws_backup": {
        "source": ["aws.backup"],
        "detail-type": ["Restore Job State Change"],
        "detail": {
            "resourceType": ["DynamoDB"],
            "status": ["COMPLETED"],
            "createdResourceArn": _none_of(f"*:table/{_TESTED}"),
            "sourceResourceArn": _none_of(f"*:table/{_TESTED}"),
        },
    },
}
"""By restore type; for what needs no Terraform."""


def rendered_patterns(directory: Path, **variables: Any) -> dict[str, str]:
    """Return the JSON texts that event_patterns.tf makes, by restore type; the inputs are `variables`.

    `directory` is where Terraform evaluates it, alone: that needs no provider and takes no time.

    Raises:
        TerraformUnavailable: Terraform is not on PATH.
        TerraformError: it refuses the variables.

    """
    for name in ("event_patterns.tf", "variables.tf"):
        shutil.copy(REPOSITORY / name, directory)
    values = [f"-var={name}={json.dumps(value)}" for name, value in variables.items()]
    done = subprocess.run(  # noqa: S603 (Terraform, found on PATH)
        [find_terraform(), "console", *values],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"},
        input="jsonencode(local.event_patterns)",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TerraformError(done.stderr)
    patterns: dict[str, str] = json.loads(json.loads(done.stdout))
    return patterns
