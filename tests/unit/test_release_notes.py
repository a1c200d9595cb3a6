"""A release says what CHANGELOG.md says of its version, and there is none without."""

import pytest

from scripts.release_notes import CHANGELOG, NoReleaseError, main, notes

TEXT = """# Changelog

## Unreleased

- Not yet.

## 1.10.0, 2027-01-15

- More.
- And more.

## 1.1.0

- The first.

## 1.0.9

"""


@pytest.mark.parametrize(("tag", "text"), [("v1.10.0", "- More.\n- And more.\n"), ("v1.1.0", "- The first.\n")])
def test_a_version_has_its_own_part(tag, text):
    assert notes(tag, TEXT) == text


@pytest.mark.parametrize("tag", ["1.1.0", "v1.1", "v1.1.0-rc.1", "vUnreleased", ""])
def test_a_tag_that_is_no_version_is_refused(tag):
    with pytest.raises(NoReleaseError, match="name it v"):
        notes(tag, TEXT)


@pytest.mark.parametrize("tag", ["v1.0.9", "v2.0.0", "v1.1.00"])
def test_a_version_without_a_word_is_refused(tag):
    with pytest.raises(NoReleaseError, match="says nothing of"):
        notes(tag, TEXT)


def test_the_mistake_is_one_sentence(capsys):
    assert main(["v999.0.0"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1


def test_the_change_log_has_what_comes_next():
    assert "\n## Unreleased\n\n- " in CHANGELOG.read_text()
