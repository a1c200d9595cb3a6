"""Fixtures that more than one test module uses, and what is the same for all processes of a run.

`make test` runs several (pytest-xdist). What they measure, and why something was replayed or skipped, the first process
prints at the end.
"""

import fcntl
import functools
import gc
import json
import os
import random
import shutil
import signal
import weakref
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from botocore import useragent
from botocore.context import get_context
from botocore.hooks import EventAliaser
from xdist.scheduler import LoadScopeScheduling

from tests.support.embedded_aws import EmbeddedAWS

WORK = Path(__file__).parents[1] / ".work"
# Tests that share a costly fixture, and so one process; the others run wherever there is time. Those that wait for
# queues share one as well: if all processes waited at once, nothing would be computed.
TOGETHER = {
    "tests/integration/test_back_into_terraform.py": "waits",
    "tests/integration/test_rehearse_deployed.py": "waits",
    "tests/integration/test_rehearse_process.py": "waits",
    "tests/terraform/test_deployed.py": "applied",
    "tests/terraform/test_examples.py": "applied",
    "tests/terraform/test_lifecycle.py": "applied",
} | {
    path: path
    for path in (
        "tests/integration/test_child_process.py",
        "tests/integration/test_cli_process.py",
        "tests/integration/test_dashboard.py",
        "tests/integration/test_installation.py",
        "tests/integration/test_log_level.py",
        "tests/proof/test_concurrency.py",
        "tests/proof/test_recorder_crashes.py",
        "tests/proof/test_recorders_at_once.py",
        "tests/proof/test_sweep.py",
    )
}
_FIGURES = pytest.StashKey[dict]()
_NOTES = pytest.StashKey[set]()


def pytest_configure(config):
    # A shell starts background jobs with SIGINT ignored, and so would be every child that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest-terraform prefers OpenTofu, and without either program and without replay it ends the session.
    config.option.dest_tf_binary = shutil.which("terraform")
    if config.option.dest_tf_binary is None:
        config.option.dest_tf_replay = True
    _share_what_botocore_computes()
    # How long an example takes says only how busy the machine is.
    too_slow = hypothesis.HealthCheck.too_slow
    hypothesis.settings.register_profile("all", deadline=None, suppress_health_check=[too_slow])
    hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("all"), max_examples=10)
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "all"))
    config.stash[_FIGURES] = {}
    config.stash[_NOTES] = set()


def _share_what_botocore_computes():
    """Let sessions and clients share what is the same for all, which takes a third of a test's time."""
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    # Pure functions of text, which botocore computes for each client and call: event names, the user agent.
    EventAliaser._alias_event_name = staticmethod(functools.cache(EventAliaser(None)._alias_event_name))  # noqa: SLF001
    useragent.sanitize_user_agent_string_component = functools.cache(useragent.sanitize_user_agent_string_component)
    # Each call has it built twice, from what is the client's and the features that the call uses.
    built, known = useragent.UserAgentString.to_string, weakref.WeakKeyDictionary()

    def to_string(agent):
        context = get_context()
        features = frozenset(context.features if context else ())
        of_agent = known.setdefault(agent, {})
        if features not in of_agent:
            of_agent[features] = built(agent)
        return of_agent[features]

    useragent.UserAgentString.to_string = to_string


def pytest_collection_finish():
    """Keep what all tests share, modules above all, out of collections of garbage, and have fewer of these."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Scheduler(LoadScopeScheduling):
    """Gives each process the next test, or the next that belong together, the most first."""

    def _split_scope(self, nodeid):
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Scheduler(config, log)


def pytest_sessionfinish(session):
    """Hand over to the first process, as one of several."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["measured"] = [config.stash[_FIGURES], sorted(config.stash[_NOTES])]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take over what another process measured; one that crashed hands over nothing."""
    figures, notes = getattr(node, "workeroutput", {}).get("measured", ({}, ()))
    for name, values in figures.items():
        add_up(node.config.stash[_FIGURES], name, values)
    node.config.stash[_NOTES].update(notes)


def pytest_terminal_summary(terminalreporter, config):
    for sentence in sorted(config.stash[_NOTES]):
        terminalreporter.write_line(sentence)
    measured = config.stash[_FIGURES]
    if not measured:
        return
    WORK.mkdir(exist_ok=True)
    (WORK / "figures.json").write_text(json.dumps(measured, indent=2))
    terminalreporter.section("figures")
    for name, values in sorted(measured.items()):
        terminalreporter.write_line(f"{name}: " + ", ".join(f"{key} {value}" for key, value in values.items()))


def add_up(measured, name, values):
    """Add numbers to those of the same name, and replace what is no number."""
    known = measured.setdefault(name, {})
    for key, value in values.items():
        known[key] = value + known.get(key, 0) if isinstance(value, (int, float)) else value


@pytest.fixture(autouse=True)
def chance():
    """Let the SDK's retries and the function's delays be the same in each run."""
    random.seed(0)


@pytest.fixture(scope="session")
def figures(pytestconfig):
    """Record what was measured, under a name; numbers of the same name are added up."""

    def record(name, **values):
        add_up(pytestconfig.stash[_FIGURES], name, values)

    return record


@pytest.fixture(scope="session")
def note(pytestconfig):
    """Print a sentence at the end of the run, once."""
    return pytestconfig.stash[_NOTES].add


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id):
    """Make something costly once a run, in the first of the processes that want it: JSON, by its name."""
    own = tmp_path_factory.getbasetemp()
    directory = own if worker_id == "master" else own.parent

    def make_once(name, make):
        with (directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            made = directory / f"{name}.json"
            if not made.exists():
                made.write_text(json.dumps(make()))
            return json.loads(made.read_text())

    return make_once


@pytest.fixture
def aws(monkeypatch):
    with EmbeddedAWS() as embedded:
        for name, value in embedded.environment().items():
            monkeypatch.setenv(name, value)
        yield embedded
