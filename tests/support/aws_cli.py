"""The AWS CLI, for the commands that the documentation gives to it."""

import sys
from pathlib import Path


def install(directory: Path) -> None:
    """Put `aws` into a directory: the AWS CLI of this environment, at the endpoint that AWS_ENDPOINT_URL names.

    Version 1 takes no endpoint for SQS from the environment, so it is named on the command line.
    """
    program = directory / "aws"
    program.write_text(f'#!/bin/sh\nexec {Path(sys.executable).parent}/aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
    program.chmod(0o755)
