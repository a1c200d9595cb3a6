from collections import Counter
from importlib import import_module

import pytest

from tests.facts.facts import FACTS, HERE, KNOWN_DIFFERENCES, OBSERVATIONS, RECORDED, SETUPS, difference

for path in sorted(HERE.glob("setups/*.py")):  # each registers what it has
    import_module(f"tests.facts.setups.{path.stem}")


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_the_embedded_aws_answers_as_recorded(aws, fact):
    found = difference(aws, fact)
    if fact["id"] in KNOWN_DIFFERENCES:
        assert found, f"{fact['id']} agrees: remove it from known_differences.json"
    else:
        assert found is None, f"{found}\nSource: {fact['source']}"


def test_at_least_97_percent_of_the_facts_agree():
    assert len(KNOWN_DIFFERENCES) <= 0.03 * len(FACTS)


def test_a_known_difference_is_a_fact_and_has_a_reason():
    assert set(KNOWN_DIFFERENCES) <= {fact["id"] for fact in FACTS}
    assert all(KNOWN_DIFFERENCES.values())


def test_each_fact_has_a_name_of_its_own_and_a_source():
    assert [name for name, times in Counter(fact["id"] for fact in RECORDED).items() if times > 1] == []
    assert [fact["id"] for fact in RECORDED if not fact.get("source")] == []


def test_each_setup_and_observation_is_used():
    assert set(SETUPS) == {fact["setup"] for fact in FACTS if "setup" in fact}
    assert set(OBSERVATIONS) == {fact["observe"] for fact in FACTS if "observe" in fact}
