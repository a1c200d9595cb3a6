import pytest
from botocore.exceptions import ClientError

from table_sync.errors import Meaning, meaning
from tests.facts.facts import RECORDED


def recorded_errors():
    for fact in RECORDED:
        error = fact.get("error") or fact["expect"].get("error")
        if error:
            operation = fact.get("operation") or fact["call"].split(":")[1]
            yield pytest.param(operation, error, fact.get("meaning"), id=fact["id"])


@pytest.mark.parametrize(("operation", "error", "expected"), [*recorded_errors()])
def test_a_recorded_error_means_what_a_reader_expects(operation, error, expected):
    response = {
        "Error": {"Code": error["code"], "Message": error.get("message", "")},
        "ResponseMetadata": {"HTTPStatusCode": error["status"]},
    }
    assert expected, "a recorded error names its meaning"
    assert meaning(ClientError(response, operation)) is Meaning[expected.replace(" ", "_").upper()]
