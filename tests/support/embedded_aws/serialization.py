"""Outputs in the API's shape, as moto writes them: without looking for members under other names, in half the time."""

from functools import cache
from typing import Any

from botocore.model import Shape, StructureShape
from moto.core.serialize import BaseJSONSerializer, ResponseSerializer, get_serializer_class


class _OfMembers(ResponseSerializer):
    """Takes the members of structures, which are dicts, by their names alone."""

    def get_value(self, value: dict[str, Any], key: str, shape: Shape) -> Any:  # noqa: ARG002 (moto's signature)
        return value.get(key)

    def _serialize(self, serialized: Any, value: Any, shape: Shape, key: str) -> None:
        # The path that moto keeps is for other names.
        getattr(self, f"_serialize_type_{shape.type_name}", self._default_serialize)(serialized, value, shape, key)


class _InJson(_OfMembers):
    """Looks at the members that there are, and not at all that there could be."""

    def _serialize_type_structure(self, serialized: Any, value: Any, shape: StructureShape, key: str) -> None:
        if value is None or shape.is_document_type:
            super()._serialize_type_structure(serialized, value, shape, key)
            return
        wrapper: dict[str, Any] = {} if key else serialized
        members = shape.members
        for name, member in value.items():
            if member is not None and name in members:
                self._serialize(wrapper, member, members[name], name)
        if key:
            self._default_serialize(serialized, wrapper, shape, key)


@cache
def serializer_class(service: str, protocol: str) -> type[ResponseSerializer]:
    """Return the class that serializes outputs of a service in its protocol ("json", "rest-json", "query", ...)."""
    of_moto = get_serializer_class(service, protocol)
    quicker = _InJson if protocol == "json" and issubclass(of_moto, BaseJSONSerializer) else _OfMembers
    return type("Serializer", (quicker, of_moto), {})
