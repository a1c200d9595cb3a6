"""Tags of DynamoDB tables.

Sources: DynamoDB API reference, TagResource and ListTagsOfResource; developer guide, "Tagging restrictions in
DynamoDB"; CloudFormation user guide, "Resource tag" (aws:cloudformation:stack-name and others); probe: reads lag 2-3 s,
and a write meanwhile meets LimitExceededException.
"""

from typing import TYPE_CHECKING, Any

from tests.support.embedded_aws.answers import AwsError
from tests.support.embedded_aws.dynamodb_tables import ControlledTable, Tables, check_tags, invalid
from tests.support.embedded_aws.service import page

if TYPE_CHECKING:
    from tests.support.embedded_aws.calls import Call

PAGE = 10


class Tags(Tables):
    """The tags of every table."""

    def tag_resource(self, call: "Call") -> None:
        """TagResource: all or nothing; seen by ListTagsOfResource some seconds later."""
        table = self.table(call, "ResourceArn")
        sent = {tag["Key"]: tag["Value"] for tag in call.parameters["Tags"]}
        if not sent:
            raise invalid("Atleast one Tag needs to be provided as Input.")
        if table.tags.written | sent == table.tags.written:
            return  # probe: what is so already is taken even while the tags are being updated
        self._check_lock(table)
        # Those that AWS has assigned do not count toward the limit ("Tagging restrictions in DynamoDB").
        own = {key: value for key, value in table.tags.written.items() if not key.startswith("aws:")}
        check_tags(own | sent)
        table.tags.write(table.tags.written | sent, self.now, self.aws.delays.tags)

    def untag_resource(self, call: "Call") -> None:
        """UntagResource."""
        table = self.table(call, "ResourceArn")
        self._check_lock(table)
        tags = {key: value for key, value in table.tags.written.items() if key not in call.parameters["TagKeys"]}
        table.tags.write(tags, self.now, self.aws.delays.tags)

    def list_tags_of_resource(self, call: "Call") -> dict[str, Any]:
        """ListTagsOfResource, in pages of 10; a token that is none is ignored (probe)."""
        tags = self.table(call, "ResourceArn").tags.read(self.now)
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        token = call.parameters.get("NextToken", "")
        listed, token = page(listed, token if token.isdigit() else None, PAGE)
        return {"Tags": listed, "NextToken": token}

    def assign_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Tag a table as only AWS can, CloudFormation for one: with the prefix aws:, which TagResource refuses."""
        table = self.find(arn)
        assert table, arn
        assert all(key.startswith("aws:") for key in tags), tags
        table.tags.write(table.tags.written | tags, self.now, 0)

    def _check_lock(self, table: ControlledTable) -> None:
        if not table.tags.settled(self.now):
            message = f"Subscriber limit exceeded: Table tags are being updated: {table.moto.name}"
            raise AwsError("LimitExceededException", message)
