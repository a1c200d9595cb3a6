"""Evaluates a file of the module alone: one that has only locals needs no provider and no time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.terraform import REPOSITORY, TerraformError, find_terraform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def evaluate(
    expression: str, file: str, directory: Path, *, stubs: Mapping[str, Any] | None = None, **variables: Any
) -> Any:
    """Return the value of an expression (`terraform console`).

    Args:
        expression: such as "local.settings".
        file: of the module, which is evaluated together with variables.tf.
        directory: an empty one, where Terraform runs.
        stubs: locals of other files.
        variables: inputs.

    Raises:
        TerraformUnavailable: Terraform is not on PATH.
        TerraformError: it refuses them.

    """
    for name in (file, "variables.tf"):
        shutil.copy(REPOSITORY / name, directory)
    (directory / "stubs.tf.json").write_text(json.dumps({"locals": stubs or {}}))
    (directory / "terraform.tfvars.json").write_text(json.dumps(variables))
    done = subprocess.run(  # noqa: S603 (Terraform, found on PATH)
        [find_terraform(), "console"],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"},
        input=f"jsonencode({expression})",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TerraformError(done.stderr)
    return json.loads(json.loads(done.stdout))
