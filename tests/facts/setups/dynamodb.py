"""What has to be there before the calls to DynamoDB."""

from tests.facts.facts import setup

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
FIVE = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


@setup
def provisioned_table(aws):
    aws.client("dynamodb").create_table(TableName="crud", ProvisionedThroughput=FIVE, **KEYS)
