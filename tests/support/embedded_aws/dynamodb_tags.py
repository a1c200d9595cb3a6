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
        table = self._taggable(call)
        sent = {tag["Key"]: tag["Value"] for tag in call.parameters["Tags"]}
        # Those that AWS has assigned do not count toward the limit ("Tagging restrictions in DynamoDB").
        own = {key: value for key, value in table.tags.written.items() if not key.startswith("aws:")}
        check_tags(own | sent)
        table.tags.write(table.tags.written | sent, self.now, self.aws.delays.tags)

    def untag_resource(self, call: "Call") -> None:
        """UntagResource."""
        table = self._taggable(call)
        tags = {key: value for key, value in table.tags.written.items() if key not in call.parameters["TagKeys"]}
        table.tags.write(tags, self.now, self.aws.delays.tags)

    def list_tags_of_resource(self, call: "Call") -> dict[str, Any]:
        """ListTagsOfResource, in pages of 10."""
        tags = self.table(call, "ResourceArn").tags.read(self.now)
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        listed, token = page(listed, call.parameters.get("NextToken"), PAGE, lambda: invalid("Invalid NextToken"))
        return {"Tags": listed, "NextToken": token}

    def assign_tags(self, arn: str, tags: dict[str, str]) -> None:
        """Tag a table as only AWS can, CloudFormation for one: with the prefix aws:, which TagResource refuses."""
        table = self.find(arn)
        assert table, arn
        assert all(key.startswith("aws:") for key in tags), tags
        table.tags.write(table.tags.written | tags, self.now, 0)

    def _taggable(self, call: "Call") -> ControlledTable:
        table = self.table(call, "ResourceArn")
        if not table.tags.settled(self.now):
            message = "Subscriber limit exceeded: the tags of this table are being updated"
            raise AwsError("LimitExceededException", message)
        return table
