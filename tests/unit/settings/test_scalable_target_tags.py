"""plan() and read() of the tags of scalable targets."""

from table_sync.settings import read, scalable_target_tags
from table_sync.settings.attached_tags import Tagged
from table_sync.settings.setting import Change, Status
from tests.support.setting_tests import CREATED, OF_AWS, SCALED, auto_scaling_arn, described


def test_tags_of_scalable_targets_go_by_index_and_dimension():
    reads, writes = (f"dynamodb:table:{kind}CapacityUnits" for kind in ("Read", "Write"))
    of_index = ("by_day", "dynamodb:index:ReadCapacityUnits")
    source = scalable_target_tags.ScalableTargets(
        ["by_day"],
        {("", reads): Tagged("1", {"a": "1"}), ("", writes): Tagged("2", {}), of_index: Tagged("3", {"b": "2"})},
    )
    target = scalable_target_tags.ScalableTargets([], {("", reads): Tagged("4", {})})
    change, left_out = scalable_target_tags.plan(source, target)
    assert change == Change("TagResource", {"ResourceARN": "4", "Tags": {"a": "1"}})
    assert left_out.status is Status.UNCHANGED
    assert "by_day" in left_out.reason
    assert "the tags of its dynamodb:index:ReadCapacityUnits are" in left_out.reason
    early = scalable_target_tags.plan(source, scalable_target_tags.ScalableTargets(["by_day"], {}))
    assert [bool(change.awaits) for change in early] == [True, True]


def test_tags_of_a_scalable_target_are_read_less_those_of_aws(answer):
    arn = auto_scaling_arn("scalable-target", "1")
    target = {**SCALED, **CREATED, "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": arn, "ScalableTargetARN": arn}
    answer("application-autoscaling", "describe_scalable_targets", None, {"ScalableTargets": [target]})
    answer("application-autoscaling", "list_tags_for_resource", {"ResourceARN": arn}, {"Tags": OF_AWS | {"a": "b"}})
    (tagged,) = read(scalable_target_tags, described()).targets.values()
    assert tagged.tags == {"a": "b"}
