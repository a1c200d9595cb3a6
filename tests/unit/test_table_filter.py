import pytest

from table_sync.queue.table_filter import TableFilter
from table_sync.restore import Restore
from tests.support.restore_events import arn


@pytest.mark.parametrize(
    ("include", "exclude", "source", "target", "admitted"),
    [
        ((), (), "orders", "copy", True),
        (("orders",), (), "orders", "copy", True),
        (("orders",), (), "copy", "orders", True),
        (("orders",), (), "orders2", "copy", False),
        (("ord*",), (), "orders", "copy", True),
        (("*ers",), (), "orders", "copy", True),
        (("o*r*s",), (), "orders", "copy", True),
        (("*",), (), "orders", "copy", True),
        (("users", "copy"), (), "orders", "copy", True),
        (("Orders",), (), "orders", "copy", False),
        (("o.ders",), (), "orders", "copy", False),
        ((), ("orders",), "orders", "copy", False),
        ((), ("copy",), "orders", "copy", False),
        ((), ("cop",), "orders", "copy", True),
        (("orders",), ("copy",), "orders", "copy", False),
        (("orders",), ("users",), "orders", "copy", True),
        ((), ("table",), "orders", "copy", True),
    ],
)
def test_a_restore_is_admitted_by_either_name_and_refused_by_either(include, exclude, source, target, admitted):
    restore = Restore(source=arn(source, "us-east-1"), target=arn(target))
    assert TableFilter(include, exclude).admits(restore) is admitted
