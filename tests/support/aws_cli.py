"""Runs commands that the documentation gives to the AWS CLI: `python -m tests.support.aws_cli SERVICE OPERATION ...`.

The names of operations and options are derived from botocore's service models, as the AWS CLI derives its own; an
option that the operation does not have is an error. Of values, text and numbers are understood.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import boto3
from botocore import xform_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botocore.model import StructureShape


def main(arguments: Sequence[str]) -> int:
    """Make the call that the words ask for, and print its answer as JSON."""
    service, operation, *options = arguments
    client = boto3.client(service)
    model = client.meta.service_model
    name = next(name for name in model.operation_names if xform_name(name, "-") == operation)
    answer = getattr(client, xform_name(name))(**_parameters(options, model.operation_model(name).input_shape))
    answer.pop("ResponseMetadata")
    json.dump(answer, sys.stdout, indent=4, default=str)
    return 0


def _parameters(options: Sequence[str], shape: StructureShape) -> dict[str, Any]:
    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    parameters: dict[str, Any] = {}
    words = iter(options)
    for word in words:
        name = members[word]
        kind = shape.members[name].type_name
        if kind == "boolean":
            parameters[name] = True
        else:
            parameters[name] = int(next(words)) if kind in {"integer", "long"} else next(words)
    return parameters


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
