"""The AWS provider as a process of its own, so that not every command of Terraform starts it several times."""

from __future__ import annotations

import re
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support import signals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

VARIABLE = "TF_REATTACH_PROVIDERS"
_ADDRESS = re.compile(rf"{VARIABLE}='(.*)'")
# Its input ends with the block, or with this process if that is killed, and then the provider is ended.
_SCRIPT = 'exec 3<&0; (read -r _ <&3; kill $$) >/dev/null 2>&1 & exec "$0" -debug 3<&-'
# Without Terraform to say how much it wants, the provider logs all.
_QUIET = {"TF_LOG_SDK": "OFF", "TF_LOG_PROVIDER": "OFF"}


@contextmanager
def running(program: Path, directory: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start the provider, and yield the variables with which Terraform finds it; end it after the block.

    Terraform documentation, Plugin Development, "Debugging Providers". The provider reads files and finds credentials
    as it does when Terraform starts it, so it wants the directory and the variables of the commands.

    Raises:
        RuntimeError: it ended instead; the message is what it wrote.

    """
    with tempfile.TemporaryFile("w+") as log:
        with signals.put_off():
            process = subprocess.Popen(  # noqa: S603 (the provider that `terraform init` found)
                ["/bin/sh", "-c", _SCRIPT, str(program)],
                cwd=directory,
                env={**environment, **_QUIET},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,  # nobody reads a pipe while commands run
                text=True,
                start_new_session=True,  # Ctrl-C is for Terraform, which still needs it
            )
        with process:
            for line in process.stdout or ():
                if found := _ADDRESS.search(line):
                    yield {VARIABLE: found[1]}
                    return
        log.seek(0)
        raise RuntimeError(f"The AWS provider did not start:\n{log.read().strip()}")
