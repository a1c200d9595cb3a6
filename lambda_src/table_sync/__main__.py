"""`python -m table_sync`, for whom the command `table-sync` is not installed."""

import sys

# What the interpreter would say instead is a traceback.
if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs it has not installed it, so nothing has checked)
    sys.exit("Python 3.11 or newer is needed.")
try:
    from table_sync.command_line.cli import main

    sys.exit(main())
except ModuleNotFoundError as error:
    if error.name not in {"boto3", "botocore"}:
        raise
    sys.exit("boto3 is missing: install it with python -m pip install boto3.")
except KeyboardInterrupt:
    sys.exit(130)
