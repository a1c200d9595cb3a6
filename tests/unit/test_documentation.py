"""What the documentation says is what the code does, and where it points to something is there."""

import re
import subprocess

import pytest

from scripts import attempts, costs, docs, tables
from scripts.terraform_files import defaults
from table_sync.settings import SETTINGS
from tests.support import reasons
from tests.support.terraform import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
# `scripts/docs.py` makes them; the rest is written by hand.
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/*/README.md", "tests/README.md", "tests/support/README.md")
    for path in REPOSITORY.glob(pattern)
)
# Setting, toggle, how it is compared, what to know.
ROWS = [
    [cell.strip() for cell in row.strip("|").split(" | ")]
    for row in README.split("\n## What comes back\n\n")[1].split("\n\n")[0].splitlines()[2:]
]


def anchor(heading):
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_tables_and_pictures_are_what_the_code_makes_of_them():
    assert [path.name for path in docs.stale()] == [], "run make docs"


def test_a_table_without_a_place_is_an_error():
    with pytest.raises(ValueError, match="0 places for the table of inputs"):
        tables.rendered("", ("inputs",))


def test_the_table_of_settings_has_each_once():
    assert sorted(toggle.strip("`") for _, toggle, *_ in ROWS) == sorted(setting.TOGGLE for setting in SETTINGS)


def test_the_table_of_settings_says_which_are_off():
    off = {toggle.strip("`") for _, toggle, _, caveat in ROWS if "**off by default**" in caveat}
    assert off == {setting.TOGGLE for setting in SETTINGS if not setting.DEFAULT}


def test_each_reason_to_refuse_a_message_is_explained():
    operations = (REPOSITORY / "docs" / "operations.md").read_text()
    rows = operations.split("What a `FailureReason` says")[1].split("\n\n")[1].splitlines()[2:]
    explained = [text for row in rows for text in re.findall("`([^`]+)`", row.split(" | ")[0])]
    code = (REPOSITORY / "lambda_src" / "table_sync" / "queue" / "restore_event.py").read_text()
    given = re.findall(r'NotARestoreError\(\s*f?"([^"{]+)', code)
    assert len(given) == code.count("raise NotARestoreError(")
    patterns = [re.escape(text).replace(re.escape("..."), ".*") for text in explained]
    assert [reason for reason in given if not any(re.match(pattern, reason) for pattern in patterns)] == []


def test_each_reason_of_the_function_is_explained():
    operations = (REPOSITORY / "docs" / "operations.md").read_text()
    cells = [row.split(" | ")[0] for row in operations.splitlines() if row.startswith("| `")]
    explained = [text for cell in cells for text in re.findall("`([^`]+)`", cell)]
    found = reasons.reasons()
    assert len(found) > 50
    missing = {reason: file for reason, file in found.items() if not reasons.is_explained(reason, explained)}
    assert missing == {}, "write a row into docs/operations.md"


def test_inputs_and_function_have_the_same_defaults():
    inputs = defaults()
    assert {setting.TOGGLE: inputs[setting.TOGGLE] for setting in SETTINGS} == {
        setting.TOGGLE: setting.DEFAULT for setting in SETTINGS
    }


def test_every_toggle_that_is_named_is_an_input():
    named = {name for page in PAGES for name in re.findall(r"\benable_[a-z_]+\b", page.read_text())}
    assert named - defaults().keys() == set()


def test_the_defaults_that_the_text_gives_are_those_of_the_inputs():
    inputs = defaults()
    given = re.findall(r"`((?:backoff|initial|max)_\w+)` \(([\d.]+)\)", README)
    given += re.findall(r"\(`((?:backoff|initial|max)_\w+)`, ([\d.]+)\)", README)
    assert {name for name, _ in given} == {
        "backoff_base_seconds",
        "backoff_max_delay_seconds",
        "backoff_rate",
        "initial_delay_seconds",
        "max_attempts",
    }
    assert {name: float(value) for name, value in given} == {name: inputs[name] for name, _ in given}


def test_a_day_is_within_the_retries_whatever_chance_makes_of_them():
    assert attempts.schedule(attempts.shortest)[-1].seconds > 24 * 3600
    assert attempts.schedule(attempts.longest)[-1].seconds < defaults()["message_retention_seconds"]


def test_costs_grow_with_the_attempts():
    together = [sum(costs.of_restore(seconds).values()) for seconds in costs.RESTORES.values()]
    assert together == sorted(together)
    assert together[-1] < 0.05


def test_every_example_is_listed():
    examples = {path.parent.name for path in REPOSITORY.glob("examples/*/main.tf")}
    assert set(re.findall(r"^\| \[([\w-]+)\]\(examples/\1\) \|", README, re.MULTILINE)) == examples


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(REPOSITORY)) for page in PAGES])
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, part = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert part in {anchor(heading) for heading in headings}, target


def test_make_help_lists_every_target():
    makefile = (REPOSITORY / "Makefile").read_text()
    command = ["/usr/bin/env", "make", "help"]
    helped = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout  # noqa: S603 (make)
    listed = re.findall(r"^ +\x1b\[1m([a-z-]+) *\x1b\[0m", helped, re.MULTILINE)
    assert set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)) - {"venv"} == set(listed)


def test_every_target_that_is_named_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert named - targets == set()


def guide_to_adding_a_setting():
    """Return the files that CONTRIBUTING.md names in its table, NAME for the setting's."""
    section = (REPOSITORY / "CONTRIBUTING.md").read_text().split("\n## Adding a setting\n")[1].split("\n## ")[0]
    rows = [row.split(" | ")[1] for row in section.splitlines() if re.match(r"\| \d+ \|", row)]
    return [path for cell in rows for path in re.findall(r"`([^`]+)`", cell)], section


def test_every_setting_is_in_the_files_that_the_guide_to_adding_one_names():
    files, _ = guide_to_adding_a_setting()
    paths = {file.replace("NAME", setting.NAME) for file in files for setting in SETTINGS}
    assert [path for path in sorted(paths) if not (REPOSITORY / path).exists()] == []


def test_no_file_that_names_every_setting_is_missing_in_the_guide_to_adding_one():
    _, section = guide_to_adding_a_setting()
    directories = [REPOSITORY / name for name in ("docs", "examples", "lambda_src", "tests")]
    written = [path for directory in directories for path in directory.rglob("*.*")] + list(REPOSITORY.glob("*.*"))
    files = [path for path in written if path.suffix in {".py", ".tf", ".hcl", ".json", ".md"}]

    def naming(names):
        return {
            str(path.relative_to(REPOSITORY))
            for path in files
            if all(re.search(name, path.read_text()) for name in names)
        }

    by_toggle = naming([setting.TOGGLE for setting in SETTINGS])
    by_variable = naming([setting.TOGGLE.upper() for setting in SETTINGS])
    by_name = naming([rf"""["'`. ]{setting.NAME}["'`,.]""" for setting in SETTINGS])
    # Written by hand; the recordings of a deployment and of a table, and the tables of these pages, are made.
    recorded = "tests/proof/record-of-the-first-format.json"
    made = {"docs/inputs-and-outputs.md", "docs/permissions.md", recorded}
    assert by_toggle - made == {"README.md", "settings.tf", "variables.tf"}
    assert by_variable <= {"tests/terraform/terraform/deployed/tf_resources.json"}
    assert "lambda_src/table_sync/settings/__init__.py" in by_name
    assert {path for path in (by_toggle | by_variable | by_name) - made if f"`{path}`" not in section} == set()


def test_what_the_makefile_names_is_there():
    named = set(re.findall(r"\b(?:scripts|tests|lambda_src)/[\w./*-]*\w", (REPOSITORY / "Makefile").read_text()))
    assert named
    assert [path for path in named if not any(REPOSITORY.glob(path))] == []
