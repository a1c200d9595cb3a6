"""Signals that come at a bad moment."""

import signal
import threading

import pytest

from tests.support import signals


class Ended(BaseException):
    pass


@pytest.fixture
def raising():
    """A handler that raises, as the demo's does."""

    def end(number, _frame):
        raise Ended(number)

    before = signal.signal(signal.SIGTERM, end)
    yield end
    signal.signal(signal.SIGTERM, before)


def test_signal_is_handled_at_the_end_of_the_block(raising):
    done = []

    def work():
        with signals.put_off():
            signal.raise_signal(signal.SIGTERM)
            done.append("after the signal")

    with pytest.raises(Ended):
        work()
    assert done
    assert signal.getsignal(signal.SIGTERM) is raising


def test_handlers_are_as_before_after_an_error(raising):
    with pytest.raises(OSError, match="no such program"), signals.put_off():
        raise OSError("no such program")
    assert signal.getsignal(signal.SIGTERM) is raising


@pytest.mark.usefixtures("raising")
def test_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals.put_off():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    signal.signal(signal.SIGHUP, before)


def test_another_thread_changes_no_handlers(raising):
    seen = []

    def look():
        with signals.put_off():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [raising]
