"""DynamoDB, put together of its parts."""

from typing import ClassVar

from tests.support.embedded_aws.continuous_backups import ContinuousBackups
from tests.support.embedded_aws.contributor_insights import ContributorInsights
from tests.support.embedded_aws.dynamodb_restores import Restores
from tests.support.embedded_aws.dynamodb_tags import Tags
from tests.support.embedded_aws.dynamodb_updates import Updates
from tests.support.embedded_aws.kinesis_destinations import KinesisDestinations
from tests.support.embedded_aws.resource_policies import ResourcePolicies
from tests.support.embedded_aws.time_to_live import TimeToLive


class DynamoDB(
    Updates, Restores, Tags, TimeToLive, ContinuousBackups, ResourcePolicies, KinesisDestinations, ContributorInsights
):
    """The DynamoDB of every Region; items, backups and stream records are moto's."""

    name: ClassVar[str] = "dynamodb"
