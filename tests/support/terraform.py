"""Finds Terraform and the AWS provider, and runs it on one directory: for the tests, the demo and the Makefile.

From a shell: `python -m tests.support.terraform init|validate|test|fmt-check DIR...`
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import provider, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = REPOSITORY / ".work" / "terraform"

OLDEST_PROVIDER = (5, 100, 0)  # versions.tf

# Where mirrors usually are. Terraform itself looks in the first four (CLI Configuration File, Implied Local Mirror
# Directories); `init -plugin-dir` also takes a mirror there that is of another registry's host name.
MIRRORS = (
    Path("~/.terraform.d/plugins"),
    Path("~/.local/share/terraform/plugins"),
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
    Path("/opt/terraform/plugins"),
    Path("/opt/tf-plugins"),
)

_GRACE_SECONDS = 20
_LONGEST_WAIT_SECONDS = 0.5
_PLAN_HAS_CHANGES = 2
_NO_PROVIDER = re.compile(r"Failed to (query|resolve|install) .*provider")


# Terraform and the provider end in seconds: to collect garbage less often saves an eighth of their time.
GO = {"GOGC": "400"}


class TerraformUnavailable(Exception):  # noqa: N818 (it is a state of the machine, not a mistake)
    """There is no Terraform or no AWS provider on this machine; the message says in one sentence what was tried."""


class TerraformError(Exception):
    """A Terraform command failed; the message is its output."""


def find_terraform() -> Path:
    """Return the path of the terraform program.

    Raises:
        TerraformUnavailable: it is not on PATH.

    """
    found = shutil.which("terraform")
    if not found:
        raise TerraformUnavailable(
            "Terraform is missing: no program named terraform is on PATH; install version 1.5.7 or newer."
        )
    return Path(found)


def find_plugin_dir(mirrors: Iterable[Path]) -> Path | None:
    """Return the first mirror that holds the AWS provider for this machine, None if none does.

    A mirror has the layout that `terraform init -plugin-dir` reads (Terraform CLI documentation, Provider Installation,
    unpacked layout): HOST/hashicorp/aws/VERSION/OS_ARCH/terraform-provider-aws*.
    """
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    provider = f"*/hashicorp/aws/*/{platform.system().lower()}_{architecture}/terraform-provider-aws*"
    for mirror in mirrors:
        directory = mirror.expanduser()
        if any(_version(found.parts[-3]) >= OLDEST_PROVIDER for found in directory.glob(provider)):
            return directory
    return None


def chosen_plugin_dir() -> Path | None:
    """Return the mirror that `Terraform.init` takes: TF_PLUGIN_DIR, or one of MIRRORS; None for the registry.

    Raises:
        TerraformUnavailable: TF_PLUGIN_DIR is no directory.

    """
    named = os.environ.get("TF_PLUGIN_DIR")
    if named:
        if not Path(named).is_dir():
            raise TerraformUnavailable(f"The AWS provider is missing: TF_PLUGIN_DIR is {named}, which is no directory.")
        return Path(named).resolve()
    return find_plugin_dir(MIRRORS)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if re.fullmatch(r"\d+\.\d+\.\d+", text) else ()


class Terraform:
    """One directory with a configuration, and one state.

    The commands see none of the caller's AWS_* variables, so that a test cannot reach a real account by accident.
    """

    def __init__(
        self,
        directory: Path | str,
        env: Mapping[str, str] | None = None,
        *,
        state: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare to run in `directory`.

        Args:
            directory: where the configuration is.
            env: variables besides the caller's, such as TF_VAR_name.
            state: the state file; terraform.tfstate in `directory` if not given.
            on_line: gets each line that a command writes, at once; not those of init, show and output.

        Raises:
            TerraformUnavailable: Terraform is not on PATH.

        """
        self.directory = Path(directory).resolve()
        self._state = [f"-state={state.resolve()}"] if state else []
        self._on_line = on_line
        self._terraform = find_terraform()
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupted = False
        self._lock = threading.Lock()
        self._environment = (
            GO
            | {
                name: value
                for name, value in os.environ.items()
                # Into a cache every init puts the provider anew, under the commands of other directories that start it.
                if not name.startswith("AWS_") and name not in {"TF_PLUGIN_CACHE_DIR", provider.VARIABLE}
            }
            | {
                "TF_DATA_DIR": str(_data_directory(self.directory, state)),
                "TF_IN_AUTOMATION": "1",
                "TF_INPUT": "0",
                "CHECKPOINT_DISABLE": "1",
            }
        )
        # Terraform warns about a missing one in front of everything that it says.
        if not Path(self._environment.get("TF_CLI_CONFIG_FILE", "")).is_file():
            self._environment.pop("TF_CLI_CONFIG_FILE", None)
        self._environment.update(env or {})

    def init(self) -> None:
        """Install the provider and the modules (`terraform init`).

        The provider comes from TF_PLUGIN_DIR if that is set, else from the first of MIRRORS that has it, else from the
        registry.

        Raises:
            TerraformUnavailable: it is not there.
            TerraformError: the configuration is wrong.

        """
        with _one_at_a_time():
            plugins = chosen_plugin_dir()
            try:
                if plugins:
                    self._run("init", f"-plugin-dir={plugins}", quiet=True)
                else:
                    self._run("init", quiet=True, env=_plugin_cache())
            except TerraformError as error:
                if not _NO_PROVIDER.search(str(error)):
                    raise
                tried = (
                    f"{plugins} does not hold a version that the configuration accepts"
                    if plugins
                    else "terraform init could not get it from its registry, TF_PLUGIN_DIR is not set, and none of "
                    f"{', '.join(map(str, MIRRORS))} holds it"
                )
                raise TerraformUnavailable(
                    f"The AWS provider is missing: {tried}; set TF_PLUGIN_DIR to an unpacked provider mirror "
                    "(HOST/hashicorp/aws/VERSION/OS_ARCH) that does."
                ) from error

    @contextmanager
    def one_provider(self) -> Iterator[dict[str, str]]:
        """Let the commands of the block, after `init`, use one process of the provider: two thirds of their time.

        Not for a configuration with several `provider "aws"` blocks, all of which would have the settings of one. It
        yields the variables with which other commands reach the same process.
        """
        # Beside it there may be versions of an earlier `init`.
        selected = json.loads(self._run("version", "-json", quiet=True)[1])["provider_selections"]
        (name,) = (name for name in selected if name.endswith("/hashicorp/aws"))
        installed = Path(self._environment["TF_DATA_DIR"]) / "providers" / name / selected[name]
        (program,) = installed.glob("*/terraform-provider-aws*")
        with provider.running(program, self.directory, self._environment) as variables:
            self._environment |= variables
            try:
                yield variables
            finally:
                for variable in variables:
                    del self._environment[variable]

    def plan(self, out: Path | None = None, **variables: Any) -> bool:
        """Make a plan, saved to `out`; return whether it changes anything, or raise TerraformError if it is refused."""
        saved = [f"-out={out.resolve()}"] if out else []
        code, _ = self._run(
            "plan", "-detailed-exitcode", *self._state, *saved, *_variables(variables), accept=(0, _PLAN_HAS_CHANGES)
        )
        return code == _PLAN_HAS_CHANGES

    def show(self, plan: Path) -> dict[str, Any]:
        """Return a saved plan (Terraform documentation, JSON Output Format, Plan Representation)."""
        shown: dict[str, Any] = json.loads(self._run("show", "-json", str(plan.resolve()), quiet=True)[1])
        return shown

    def apply(self, plan: Path | None = None, **variables: Any) -> None:
        """Apply the saved `plan`, or plan and apply at once; raise TerraformError if that fails."""
        if plan:
            self.run("apply", *self._state, str(plan.resolve()))
        else:
            self.run("apply", "-auto-approve", *self._state, *_variables(variables))

    def destroy(self, **variables: Any) -> None:
        """Destroy everything in the state; raise TerraformError if that fails."""
        self.run("destroy", "-auto-approve", *self._state, *_variables(variables))

    def output(self) -> dict[str, Any]:
        """Return the values of the outputs."""
        outputs = json.loads(self._run("output", "-json", *self._state, quiet=True)[1])
        return {name: output["value"] for name, output in outputs.items()}

    def run(self, command: str, *arguments: str) -> str:
        """Run any command; return its output, or raise TerraformError with it."""
        return self._run(command, *arguments)[1]

    def interrupt(self) -> None:
        """Ask the command that another thread runs, or is about to run, to end, which raises TerraformError there."""
        with self._lock:
            self._interrupted = True
            self._pass_on_interrupt()

    def _run(
        self,
        command: str,
        *arguments: str,
        accept: tuple[int, ...] = (0,),
        quiet: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        lines: list[str] = []
        try:
            with signals.put_off():
                process = self._start([str(self._terraform), command, "-no-color", *arguments], env or {})
            for line in _lines(process):
                lines.append(line)
                if self._on_line and not quiet:
                    self._on_line(line)
            code = process.wait()
        except BaseException:
            if self._process:
                _end(self._process)
            raise
        finally:
            self._process = None
        output = "".join(f"{line}\n" for line in lines)
        if code not in accept:
            raise TerraformError(f"terraform {command} in {self.directory} failed:\n{output.strip()}")
        return code, output

    def _start(self, command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 (Terraform, found on PATH)
            command,
            cwd=self.directory,
            env={**self._environment, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches Terraform once, from _end
        )
        with self._lock:
            self._process = process
            if self._interrupted:
                self._pass_on_interrupt()
        return process

    def _pass_on_interrupt(self) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGINT)


def _data_directory(directory: Path, state: Path | None) -> Path:
    """Return where Terraform keeps modules and links to providers: what is temporary takes them with it."""
    if not directory.is_relative_to(REPOSITORY):
        return directory / ".terraform"
    if state:
        return state.resolve().parent / ".terraform"
    return WORK / "data" / directory.relative_to(REPOSITORY)


def _plugin_cache() -> dict[str, str]:
    """Return what makes one copy do for all directories if the provider comes from the registry.

    Without its leave to write a lock file of this copy alone, Terraform would download it into the cache every time
    (Terraform documentation, CLI Configuration File, Provider Plugin Cache).
    """
    cache = Path(os.environ.get("TF_PLUGIN_CACHE_DIR") or WORK / "plugin-cache")
    cache.mkdir(parents=True, exist_ok=True)
    return {"TF_PLUGIN_CACHE_DIR": str(cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}


def _variables(variables: Mapping[str, Any]) -> list[str]:
    return [
        f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in variables.items()
    ]


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what the process writes, line by line, until it closes its output."""
    if process.stdout is None:
        return
    output = process.stdout.fileno()
    rest = b""
    while True:
        # A signal that comes right before a wait does not end it (PEP 475 is for one that comes within).
        while not select.select([output], [], [], _LONGEST_WAIT_SECONDS)[0]:
            pass
        read = os.read(output, 65536)
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
        if not read:
            break
    if rest:
        yield rest.decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End Terraform and the provider that it started: politely, so that it saves its state, then for good."""
    try:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process install the provider; Terraform's plugin cache is not made for two."""
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """Run a command on directories; return the exit code."""
    commands = {"init": (), "validate": ("validate",), "test": ("test",), "fmt-check": ("fmt", "-check", "-recursive")}
    name, *directories = arguments or [""]
    if name not in commands or not directories:
        print(f"usage: python -m tests.support.terraform {'|'.join(commands)} DIR...", file=sys.stderr)  # noqa: T201
        return 2
    try:
        for directory in directories:
            terraform = Terraform(directory)
            if name != "fmt-check":
                terraform.init()
            if commands[name]:
                print(terraform.run(*commands[name]), end="")  # noqa: T201
    except (TerraformUnavailable, TerraformError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
