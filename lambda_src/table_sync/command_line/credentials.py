"""Credentials of the command line: there before the first call, and nothing to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from table_sync import aws
from table_sync.aws import TableNotFoundError
from table_sync.command_line import command_errors
from table_sync.command_line.command_errors import CommandError

if TYPE_CHECKING:
    from table_sync.aws import Table


def sign_in() -> None:
    """Get credentials, or new ones for those about to expire; botocore would in the midst of a call.

    Raises:
        CommandError: a program or a file that the profile names does not give any, or nobody can be asked.
        botocore.exceptions.BotoCoreError: another reason to have none.
        botocore.exceptions.ClientError: STS refused.

    """
    try:
        found = aws.session().get_credentials()
        if found:
            found.get_frozen_credentials()
    except (BotoCoreError, ClientError):
        raise
    except EOFError as error:
        raise CommandError(command_errors.without_credentials("nobody can be asked for the MFA code")) from error
    except Exception as error:  # botocore leaves whatever such a program or file makes of it
        why = f"what the profile gets them from fails: {error}"
        raise CommandError(command_errors.without_credentials(why)) from error


def refuse_to_wait(target: Table) -> None:
    """Raise what the credentials lack, if a call shows it; to the function it passes: its role gets new ones by itself.

    Raises:
        CommandError: what the profile gets them from fails.
        botocore.exceptions.BotoCoreError: there are no credentials.
        botocore.exceptions.ClientError: AWS does not accept them, or no longer.

    """
    try:
        sign_in()
        target.describe()
    except TableNotFoundError:
        return
    except (BotoCoreError, ClientError) as error:
        if command_errors.blames_credentials(error):
            raise
