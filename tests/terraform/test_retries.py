"""What retries.tf says of the delays between attempts is what the function makes of them."""

import pytest

from scripts import attempts, costs
from scripts.terraform_files import ROOT, bodies, defaults
from table_sync.time_sharing import PASS_DELAYS, RESERVED_SECONDS
from tests.support.terraform_console import evaluate

pytestmark = pytest.mark.usefixtures("real_terraform")


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"max_attempts": 1},
        {"max_attempts": 10, "backoff_base_seconds": 100, "backoff_rate": 1.2, "backoff_max_delay_seconds": 900},
    ],
    ids=["defaults", "one attempt", "none as long as the longest"],
)
def test_the_longest_and_the_shortest_delays_are_those_of_the_function(tmp_path, monkeypatch, inputs):
    found = evaluate("[local.retries_seconds, local.retry_window_seconds]", "retries.tf", tmp_path, **inputs)
    values = defaults() | inputs
    monkeypatch.setattr(attempts, "defaults", lambda: values)
    last = attempts.schedule(attempts.longest)[-1]
    # retries.tf rounds each of the longest delays up.
    assert 0 <= found[0] - (last.seconds + last.delay) <= values["max_attempts"]
    assert found[1] == attempts.schedule(attempts.shortest)[-1].seconds


def test_an_attempt_is_given_the_time_that_it_waits_for_aws(tmp_path):
    seconds = evaluate("local.attempts_seconds", "retries.tf", tmp_path, max_attempts=1)
    assert seconds >= costs.LAST_SECONDS


def test_the_input_timeout_says_how_long_an_attempt_waits_and_what_it_keeps_in_reserve():
    described = bodies("variable", [ROOT / "variables.tf"])["timeout"]["description"]
    description = " ".join(described.split())
    assert f"{sum(PASS_DELAYS)} seconds of waiting for AWS" in description
    assert f"{RESERVED_SECONDS} seconds in reserve" in description
