"""Names that are shortened to what AWS accepts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from table_sync import rename


@given(name=st.text(max_size=400), longest=st.integers(17, 300))
def test_a_shortened_name_fits_and_comes_out_the_same(name, longest):
    short = rename.shortened(name, longest)
    assert len(short) <= longest
    assert short == rename.shortened(name, longest)
    assert (short == name) == (len(name) <= longest)


def test_two_long_names_stay_apart():
    assert rename.shortened("x" * 300 + "a", 255) != rename.shortened("x" * 300 + "b", 255)
    assert re.fullmatch("x{238}-[0-9a-f]{16}", rename.shortened("x" * 300, 255))
