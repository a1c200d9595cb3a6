import pytest
from hypothesis import given
from hypothesis import strategies as st

from table_sync import backoff

DEFAULTS = {"base": 15, "rate": 1.5, "ceiling": 110}


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
    # Neighbours may overlap by their jitter; every third does not.
    shortest = [min(backoff.delay(attempt, **DEFAULTS) for _ in range(200)) for attempt in (1, 3, 5)]
    longest = [max(backoff.delay(attempt, **DEFAULTS) for _ in range(200)) for attempt in (1, 3, 5)]
    assert longest[0] < shortest[1] <= longest[1] < shortest[2]


def test_a_thousand_attempts_wait_at_least_a_day():
    assert sum(backoff.delay(attempt, **DEFAULTS) for attempt in range(1, 1001)) > 24 * 3600
