"""Runs the demo. Exit code 0 if every setting came back, 1 if not, 130 or 143 if it was interrupted or ended."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.demo.screen import Screen
from tests.support.demo.story import Demo, DemoError
from tests.support.terraform import REPOSITORY, TerraformError, TerraformUnavailable

if TYPE_CHECKING:
    from types import FrameType


AT_THE_END = """
Everything was removed: the emulator has stopped, and Terraform's state is deleted. `make clean` removes the packages.
Next: add the module to your configuration (README.md, Usage), or compare two of your tables, which only reads:
uvx --from . table-sync diff orders orders-restored"""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(BaseException):
    """A signal asked the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> int:
    """Run the demo in a new directory below `.work`, which stays there only after a failure."""
    for number in SIGNALS:
        signal.signal(number, _end)
    work = REPOSITORY / ".work"
    work.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix=f"demo-{os.getpid()}-", dir=work))
    with (directory / "log").open("w", encoding="utf-8") as log:
        code = _run(Screen(log), directory)
    if code == 1:
        print(f"More is in {os.path.relpath(directory / 'log')}", file=sys.stderr)  # noqa: T201
    else:
        shutil.rmtree(directory)
    if code == 0:
        print(AT_THE_END)  # noqa: T201
    return code


def _run(screen: Screen, directory: Path) -> int:
    try:
        return 0 if Demo(screen, directory).run() else 1
    except Ended as ended:
        return _stopped("Interrupted: everything that the demo had started has ended.", ended.number)
    except BrokenPipeError:
        # Nobody reads any more; what Python would flush at its end has no place to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _stopped("Nobody reads the demo's output any more: it has ended.", signal.SIGPIPE)
    except TerraformError as error:
        reasons = [line for line in str(error).splitlines() if line.startswith("Error: ")]
        return _failed(screen, " ".join(["Terraform failed.", *reasons]), error)
    except (TerraformUnavailable, DemoError) as error:
        return _failed(screen, str(error))
    except Exception as error:  # noqa: BLE001 (whatever it is, the demo ends with a sentence)
        return _failed(screen, f"The demo failed: {type(error).__name__}: {error}", error)


def _failed(screen: Screen, sentence: str, error: Exception | None = None) -> int:
    if error:
        screen.note("".join(traceback.format_exception(error)))
    print(sentence, file=sys.stderr)  # noqa: T201
    return 1


def _stopped(sentence: str, number: int) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return 128 + number


def _end(number: int, _frame: FrameType | None) -> None:
    """Begin to end; another signal would only leave behind what is being ended."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    print("Ending ...", file=sys.stderr)  # noqa: T201
    raise Ended(number)


if __name__ == "__main__":
    sys.exit(main())
