import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import package  # noqa: E402

DIST = ROOT / "lambda_src/dist"


def test_the_committed_packages_match_their_sources():
    assert package.stale() == []


@pytest.mark.parametrize("name", ["function.zip", "layer.zip"])
def test_entries_are_sorted_with_fixed_times_and_modes(name):
    with zipfile.ZipFile(DIST / name) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o100644)}


def test_the_function_is_stored_so_that_no_compressor_can_change_it():
    with zipfile.ZipFile(DIST / "function.zip") as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_order_and_age_of_files_do_not_matter():
    entries = {"b.py": b"2", "a.py": b"1"}
    reversed_entries = dict(reversed(entries.items()))
    assert package.archive(entries, zipfile.ZIP_STORED) == package.archive(reversed_entries, zipfile.ZIP_STORED)


def test_a_changed_source_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "table_sync").mkdir()
    (tmp_path / "table_sync/handler.py").write_text("changed")
    (tmp_path / "requirements.txt").write_text((ROOT / "lambda_src/requirements.txt").read_text())
    monkeypatch.setattr(package, "LAMBDA_SRC", tmp_path)
    assert package.stale() == ["lambda_src/dist/function.zip does not match lambda_src/table_sync: run make package."]


def test_the_layer_holds_powertools_and_what_it_needs_and_nothing_of_boto3():
    with zipfile.ZipFile(DIST / "layer.zip") as archive:
        top = {name.split("/")[1].split("-")[0] for name in archive.namelist()}
    assert top == {"aws_lambda_powertools", "jmespath", "typing_extensions.py", "typing_extensions"}
