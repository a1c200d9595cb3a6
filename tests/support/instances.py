"""A Terraform `module` block with many instances of the module, which Terraform loads once: half of a plan's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.terraform import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping


def module(instances: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the block, in JSON syntax, for instances with these inputs; one that only others have is null.

    If anything of an instance is refused, Terraform leaves out what depends on it in all of them.
    """
    inputs = {name for of_one in instances.values() for name in of_one}
    each = {name: f"${{try(each.value.{name}, null)}}" for name in sorted(inputs)}
    return {"source": str(REPOSITORY), "for_each": instances, **each}
