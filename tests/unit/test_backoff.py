import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import attempts
from scripts.terraform_files import defaults
from table_sync.config import Config
from table_sync.queue import backoff

CONFIG = Config.from_environment({})
DEFAULTS = {
    "base": CONFIG.backoff_base_seconds,
    "rate": CONFIG.backoff_rate,
    "ceiling": CONFIG.backoff_max_delay_seconds,
}


@given(
    attempt=st.integers(1, 1000),
    base=st.integers(1, 900),
    rate=st.floats(1, 100),
    more=st.integers(0, 43_200),
)
def test_no_delay_is_below_the_floor_or_above_the_ceiling(attempt, base, rate, more):
    delay = backoff.delay(attempt, base=base, rate=rate, ceiling=base + more)
    assert base <= delay <= base + more


@pytest.mark.parametrize("attempt", [1, 3, 1000])
def test_delays_have_jitter(attempt):
    assert len({backoff.delay(attempt, **DEFAULTS) for _ in range(200)}) > 1


def test_delays_grow_until_the_ceiling():
    # Neighbours overlap by their jitter; these do not.
    attempts = (1, 50, 100, 160)
    shortest = [min(backoff.delay(attempt, **DEFAULTS) for _ in range(200)) for attempt in attempts]
    longest = [max(backoff.delay(attempt, **DEFAULTS) for _ in range(200)) for attempt in attempts]
    assert all(earlier < later for earlier, later in zip(longest, shortest[1:], strict=False))
    assert max(backoff.delay(1000, **DEFAULTS) for _ in range(200)) == DEFAULTS["ceiling"]


@pytest.mark.parametrize("name", ["backoff_base_seconds", "backoff_rate", "backoff_max_delay_seconds", "max_attempts"])
def test_defaults_of_the_function_are_those_of_the_module(name):
    assert getattr(CONFIG, name) == defaults()[name]


def test_delay_is_a_share_of_the_restores_age():
    # At worst every earlier delay was the shortest that jitter makes, and this one is the longest.
    ages = [attempt.seconds for attempt in attempts.schedule(attempts.shortest)]
    delays = [attempt.delay for attempt in attempts.schedule(attempts.longest)]
    for age, delay in zip(ages, delays, strict=True):
        assert delay <= (25 if age <= 300 else min(180, 0.025 * age + 15)), f"{delay} s at the age of {age} s"


def test_delay_reaches_the_ceiling_after_an_hour_or_more():
    ages = [
        attempt.seconds
        for attempt in attempts.schedule(attempts.shortest)
        if attempt.delay < DEFAULTS["ceiling"] * 0.85
    ]
    assert ages[-1] > 3600


def test_all_attempts_cover_36_hours():
    assert attempts.schedule(attempts.shortest)[-1].seconds >= 36 * 3600
