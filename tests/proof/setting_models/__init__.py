"""What the properties of every setting's plan() need to know of a setting: one module each, with the setting's name.

`values(table)` is a strategy for what read() returns of a table of that name on which AWS is not at work. `RESTORED`
is what it returns of the table "target" right after a restore, which keeps indexes and loses the setting.
`content(value)` is what there is of the setting, by part, without what differs between any two tables. `written(value,
change)` is what read() returns once AWS has done a change: a model of AWS that knows nothing of plan().
"""

import importlib

SOURCE, TARGET = "the-source", "the-target"


def model_of(setting):
    """Return the model of a setting; raise LookupError if nobody has written one."""
    try:
        return importlib.import_module(f"{__name__}.{setting.NAME}")
    except ModuleNotFoundError as missing:
        path = f"tests/proof/setting_models/{setting.NAME}.py"
        raise LookupError(f"{setting.NAME} has no model to test its plan() with: write {path}.") from missing
