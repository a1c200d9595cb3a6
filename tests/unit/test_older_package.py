"""The package before this one is found where there is a history, and no stand-in takes its place unseen."""

import shutil
import subprocess

import pytest

from tests.terraform.packages import FILE, STAND_IN, NoHistoryError, older_package, why_stand_in

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="It needs git.")


def git(directory, *arguments):
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run([GIT, *who, *arguments], cwd=directory, capture_output=True, check=True)  # noqa: S603 (git, found on PATH)


@pytest.fixture
def repository(tmp_path):
    """Return a function that commits packages, and clones what it has committed."""

    def committed(*packages, depth=None):
        origin, clone = tmp_path / "origin", tmp_path / "clone"
        (origin / FILE).parent.mkdir(parents=True)
        git(origin, "init", "--quiet")
        for package in packages:
            (origin / FILE).write_bytes(package)
            git(origin, "add", ".")
            git(origin, "commit", "--quiet", "--message", "Package")
        git(tmp_path, "clone", "--quiet", *([f"--depth={depth}"] if depth else []), origin.as_uri(), str(clone))
        return clone

    return committed


@pytest.mark.parametrize(
    ("packages", "depth", "older"),
    [
        ([b"oldest", b"older", b"now"], None, b"older"),
        ([b"oldest", b"older", b"now"], 2, b"older"),
        ([b"now"], None, STAND_IN),
    ],
)
def test_it_is_that_of_the_history_and_a_stand_in_if_there_was_none(repository, monkeypatch, packages, depth, older):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    checkout = repository(*packages, depth=depth)
    assert older_package(checkout) == older
    assert bool(why_stand_in(checkout)) is (older == STAND_IN)


def test_a_shallow_clone_will_not_do_in_github(repository, monkeypatch):
    shallow = repository(b"older", b"now", depth=1)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(NoHistoryError, match=r"^In GitHub a stand-in will not do\. .* fetch its whole history\.$"):
        older_package(shallow)
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    assert older_package(shallow) == STAND_IN
    assert why_stand_in(shallow).endswith("fetch its whole history.")


def test_a_checkout_without_history_will_not_do_in_github(tmp_path, monkeypatch):
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(b"now")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(NoHistoryError, match="is no full clone"):
        older_package(tmp_path)
