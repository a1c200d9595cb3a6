"""AWS's answers without AWS. botocore holds each request and each answer to AWS's service model."""

from contextlib import ExitStack

import pytest
from botocore.stub import Stubber

from table_sync import aws as function_clients


@pytest.fixture
def answer(monkeypatch):
    """Return what has the function's clients get these answers, in order; all of them have to be fetched.

    An answer that is text is the code of an error.
    """
    # No request is signed or sent, but botocore looks for credentials whenever it makes a client.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "unused")
    function_clients.start_session()
    stubbers = {}
    with ExitStack() as exits:

        def add(service, operation, request, response, region="eu-west-1"):
            client = function_clients.client(service, region)
            if client not in stubbers:
                stubbers[client] = exits.enter_context(Stubber(client))
            if isinstance(response, str):
                stubbers[client].add_client_error(operation, response, expected_params=request)
            else:
                stubbers[client].add_response(operation, response, request)

        yield add
        for stubber in stubbers.values():
            stubber.assert_no_pending_responses()
    function_clients.start_session()
