"""What people read: words, colours, line lengths."""

import io

import pytest

from table_sync.command_line.presentation import write
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


def written(report, stream=None, enabled=None):
    stream = stream or io.StringIO()
    write(report, enabled or report.settings, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.UNCHANGED, "equal"),
        (Status.APPLIED, "applied"),
        (Status.PLANNED, "differs"),
        (Status.PENDING, "waiting"),
        (Status.SKIPPED, "skipped"),
        (Status.FAILED, "failed"),
    ],
)
def test_each_status_has_a_word(status, word):
    assert f"tags  {word}" in written(report(tags=Outcome(status)))


def test_columns_are_aligned_and_reasons_come_before_changes():
    text = written(report(tags=Outcome(Status.FAILED, "too many", (TAGS,)), auto_scaling=Outcome(Status.UNCHANGED)))
    assert text.splitlines()[3:6] == [
        "tags          failed   too many",
        "                       TagResource Tags=[env=prod, team=payments]",
        "auto_scaling  equal",
    ]


def test_only_what_was_looked_at_is_shown():
    text = written(report(tags=Outcome(Status.UNCHANGED), ttl=Outcome(Status.SKIPPED, "off")), enabled={"tags"})
    assert text.count("ttl") == 1, "only as what was not looked at"


def test_what_stands_in_the_way_of_all_is_said_once():
    whole = Outcome(Status.PENDING, "the target is CREATING")
    text = written(Report(ARN + "orders", ARN + "orders-restored", {"tags": whole, "ttl": whole}, whole))
    assert text == "orders-restored: the target is CREATING: run the command again later\n"


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    differing = report(tags=Outcome(Status.PLANNED, "", (TAGS,)))
    assert "\033[" not in written(differing)
    assert "\033[33mdiffers\033[0m" in written(differing, Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert "\033[" not in written(differing, Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[" not in written(differing, Terminal())


def test_lines_fit_a_terminal_and_stay_whole_elsewhere():
    long = report(tags=Outcome(Status.PLANNED, "", (Change("TagResource", {"Tags": [TAGS.parameters] * 9}),)))
    lines = written(long, Terminal()).replace("\033[33m", "").replace("\033[0m", "").splitlines()
    assert max(map(len, lines[3:])) <= 80
    assert len([line for line in written(long).splitlines() if "env=prod" in line]) == 1


def test_a_document_of_many_lines_stays_on_one():
    change = Change("PutResourcePolicy", {"Policy": '{\n  "Version": "2012-10-17"\n}'})
    assert 'PutResourcePolicy Policy={ "Version": "2012-10-17" }' in written(
        report(policy=Outcome(Status.PLANNED, "", (change,)))
    )
