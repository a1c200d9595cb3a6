"""Errors of the command, each one sentence that says what is wrong and what to do."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionError,  # noqa: A004 (botocore's own, not the built-in one)
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from table_sync import errors

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_REJECTED = {
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_WITHOUT_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)


class CommandError(Exception):
    """The command cannot go on; the message is one sentence that says why and what to do."""


def code(error: Exception) -> str:
    """Return AWS's code for an error, "" if AWS has not answered."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def of_file(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file cannot be read or written, without the number that Python puts before it."""
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def blames_credentials(error: Exception) -> bool:
    """Say whether a call failed because of the credentials, or because there are none."""
    return isinstance(error, _WITHOUT_CREDENTIALS) or code(error) in _EXPIRED | _REJECTED


def without_credentials(why: object) -> str:
    """Return the message for missing credentials."""
    return f"There are no AWS credentials to use ({why}): name a --profile, or log in with the AWS CLI."


def explain(error: BotoCoreError | ClientError) -> str:
    """Return the message for an error of the SDK."""
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return without_credentials(error)
    if code(error) in _EXPIRED:
        return "The AWS credentials have expired: get new ones."
    if code(error) in _REJECTED:
        return f"AWS does not accept the credentials ({code(error)}): check the profile or the environment variables."
    if isinstance(error, (ConfigParseError, InvalidConfigError, ProfileNotFound)):
        return f"{str(error).rstrip('.')}: check --profile, AWS_PROFILE and the AWS configuration file."
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return f"AWS cannot be reached: {error} Check the Region and the network."
    return errors.explain(error)
