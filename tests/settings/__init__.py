"""What the tests need to know of a setting: one module each, with the setting's name.

`give(aws, name, region)` gives it to a table that is ACTIVE and has the settings before it, as a user would. `see(aws,
table, region)` returns it by plain API calls, without what differs between any two tables; `table` is DescribeTable's
answer. `WRITE` is one of its writes, and the parameter that tells it from other settings' writes. `BILLING_MODE` is
there if the setting is for tables of that mode alone, and then no table has every other setting, too. `NEEDS` is there
if `give` needs another setting, without which this one cannot come back. `NEWER_FIELD` is there if an older boto3 may
not know a field of its value: service, shape and name (`command_line/doctor/runtimes.py` has the boto3 that does). None
of them uses the function's code.

The rest is for the properties of its plan(). `values(table)` is a strategy for what read() returns of a table of that
name on which AWS is not at work. `RESTORED` is what it returns of the table "target" right after a restore, which keeps
indexes and loses the setting. `content(value)` is what there is of the setting, by part, without what differs between
any two tables. `written(value, change)` is what read() returns once AWS has done a change: a model of AWS that knows
nothing of plan(). `DIFFERENCES` are pairs of such values with the lines in which `diff` shows how they differ.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any

from table_sync.settings import SETTINGS

if TYPE_CHECKING:
    from table_sync.settings.setting import Setting

SOURCE, TARGET = "the-source", "the-target"


def module_of(setting: Setting[Any]) -> Any:
    """Return the module of a setting; raise LookupError if nobody has written one."""
    try:
        return importlib.import_module(f"{__name__}.{setting.NAME}")
    except ModuleNotFoundError as missing:
        raise LookupError(f"{setting.NAME} cannot be tested: write tests/settings/{setting.NAME}.py.") from missing


@functools.cache
def modules() -> dict[str, Any]:
    """Return the module of each setting by its name, in the order in which the settings are given back."""
    return {setting.NAME: module_of(setting) for setting in SETTINGS}
