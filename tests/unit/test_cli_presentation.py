"""What people read: words, colours, line lengths."""

import io

import pytest

from table_sync.command_line.presentation import Progress, write
from table_sync.report import Outcome, Report
from table_sync.settings.setting import Change, Status

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/"
TAGS = Change("TagResource", {"Tags": [{"Key": "env", "Value": "prod"}, {"Key": "team", "Value": "payments"}]})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def report(**outcomes):
    return Report(ARN + "orders", ARN + "orders-restored", outcomes)


def written(report, stream=None, enabled=None, *, calls=False):
    stream = stream or io.StringIO()
    write(report, enabled or report.settings, stream, calls=calls)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.UNCHANGED, "unchanged"),
        (Status.APPLIED, "applied"),
        (Status.DIFFERS, "differs"),
        (Status.PENDING, "pending"),
        (Status.SKIPPED, "skipped"),
        (Status.FAILED, "failed"),
    ],
)
def test_each_status_has_a_word(status, word):
    assert f"tags  {word}" in written(report(tags=Outcome(status)))


def test_columns_are_aligned_and_reasons_come_before_values():
    text = written(report(tags=Outcome(Status.FAILED, "too many", (TAGS,)), auto_scaling=Outcome(Status.UNCHANGED)))
    assert text.splitlines()[3:6] == [
        "tags          failed     too many",
        "                         env: prod (before: none)",
        "                         team: payments (before: none)",
    ]


def test_only_what_was_selected_is_shown():
    text = written(report(tags=Outcome(Status.UNCHANGED), ttl=Outcome(Status.SKIPPED, "off")), enabled={"tags"})
    assert text.count("ttl") == 1, "only as what was not selected"


def test_what_stands_in_the_way_of_all_is_said_once():
    whole = Outcome(Status.PENDING, "the target is CREATING")
    text = written(Report(ARN + "orders", ARN + "orders-restored", {"tags": whole, "ttl": whole}, whole))
    assert text == "orders-restored: the target is CREATING: run the command again later\n"


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    differing = report(tags=Outcome(Status.DIFFERS, "", (TAGS,)))
    assert "\033[" not in written(differing)
    assert "\033[33mdiffers\033[0m" in written(differing, Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert "\033[" not in written(differing, Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[" not in written(differing, Terminal())


LONG = Change("TagResource", {"Tags": [{"Key": f"tag-{n}", "Value": "with quite a long value " * 5} for n in range(3)]})


@pytest.mark.parametrize("columns", [30, 60, 80, 200])
def test_lines_fit_a_terminal_without_a_broken_word_and_stay_whole_elsewhere(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    long = report(tags=Outcome(Status.DIFFERS, "", (LONG,)), event_source_mapping_tags=Outcome(Status.UNCHANGED))
    words = written(long).split()
    on_terminal = written(long, Terminal(), calls=False)
    assert on_terminal.split() == words, "no word is broken or lost"
    lines = on_terminal.partition("source -> target")[2].splitlines()
    assert max(map(len, lines)) <= max(columns, len("event_source_mapping_tags  unchanged"))
    assert len([line for line in written(long).splitlines() if "tag-1" in line]) == 1


def test_calls_are_shown_on_request_and_on_one_line():
    change = Change("PutResourcePolicy", {"Policy": '{\n  "Version": "2012-10-17"\n}'})
    differing = report(policy=Outcome(Status.DIFFERS, "", (change, TAGS)))
    assert "PutResourcePolicy" not in written(differing)
    text = written(differing, calls=True)
    assert 'PutResourcePolicy Policy={ "Version": "2012-10-17" }\n' in text
    assert "TagResource Tags=[env=prod, team=payments]\n" in text


def test_a_reason_of_several_lines_stays_on_one():
    failed = report(tags=Outcome(Status.FAILED, "TagResource: AccessDenied: no,\n  and no"))
    assert "tags  failed     TagResource: AccessDenied: no, and no\n" in written(failed)


def test_a_long_wait_shows_its_progress_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("COLUMNS", "60")
    progress = Progress(terminal)
    progress.show("the target is CREATING", 3, 3600)
    progress.show("the target is CREATING", 63, 3600)
    progress.show("kinesis: a reason that is much longer than a line of this terminal is", 64, 3600)
    progress.end()
    first, second, third, end = terminal.getvalue().split("\r\033[K")[1:]
    assert first.startswith("Waiting for AWS: the ")
    assert "(1 min 03 s of at most 60 min 00 s)" in second
    assert max(map(len, (first, second, third))) < 60
    assert end == ""


def test_a_long_wait_is_told_once_for_each_reason_elsewhere():
    stream = io.StringIO()
    progress = Progress(stream)
    for reason in ("the target is CREATING", "the target is CREATING", "tags: busy"):
        progress.show(reason, 1, 3600)
    progress.end()
    assert stream.getvalue() == "Waiting for AWS: the target is CREATING\nWaiting for AWS: tags: busy\n"
