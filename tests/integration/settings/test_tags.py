"""Tags of a table, from the restore to the report."""

from tests.support.tables import make_table, restore, settings_of


def test_a_table_made_by_cloudformation_gets_its_own_tags_and_none_of_aws(aws, pipeline):
    arn = make_table(aws, "orders", indexes=())
    own = {f"tag-{number}": "x" for number in range(50)}
    dynamodb = aws.client("dynamodb")
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value} for key, value in own.items()])
    aws.dynamodb.assign_tags(arn, {f"aws:cloudformation:{name}": "orders" for name in ("stack-name", "logical-id")})
    restore(aws, "orders", "orders-restored")
    pipeline.run()
    assert pipeline.attempts[-1]["outcome"] == "in_sync"
    aws.clock.advance(10)
    assert settings_of(aws, "orders-restored")["tags"] == own
