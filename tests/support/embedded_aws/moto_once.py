"""What moto computes for every call or mock although it is the same each time: computed once here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from moto.core import models, responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import method_names_from_class

Keys = Callable[[XFormedAttributePicker, AttributePickerContext], Iterator[str]]

_of_class = cache(method_names_from_class)
_keys_of: Keys = XFormedAttributePicker.get_possible_keys
_known: dict[tuple[str, Any, type], tuple[str, ...]] = {}


@contextmanager
def computed_once() -> Iterator[None]:
    """Have it computed once as long as the block lasts."""
    with ExitStack() as exits:
        exits.enter_context(patch.object(responses, "method_names_from_class", _of_class))
        exits.enter_context(patch.object(XFormedAttributePicker, "get_possible_keys", _possible_keys))
        # A thousand answers to callers that use the library requests: the SDK does not.
        exits.enter_context(patch.object(models, "RESPONSES_METHODS", []))
        yield


def _possible_keys(picker: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
    """Return the names that a member may have in an object: they depend on its shape and the object's class alone."""
    asked = (context.key, context.shape, type(context.obj))
    if asked not in _known:
        _known[asked] = tuple(_keys_of(picker, context))
    return _known[asked]
