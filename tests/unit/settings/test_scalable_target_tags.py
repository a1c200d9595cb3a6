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
    assert left_out.reason == (
        "index by_day is not on the target: the tags of its dynamodb:index:ReadCapacityUnits are left out"
    )
    early = scalable_target_tags.plan(source, scalable_target_tags.ScalableTargets(["by_day"], {}))
    assert [change.awaits for change in early] == [
        "scalable target dynamodb:table:ReadCapacityUnits is not on the target",
        "scalable target dynamodb:index:ReadCapacityUnits of index by_day is not on the target",
    ]


def test_an_index_that_the_target_lacks_does_not_keep_another_s_tags():
    dimension = "dynamodb:index:ReadCapacityUnits"
    tagged = {(index, dimension): Tagged(index, {"a": "b"}) for index in ("gone", "there")}
    source = scalable_target_tags.ScalableTargets(["gone", "there"], tagged)
    present = {("there", dimension): Tagged("5", {})}
    _, change = scalable_target_tags.plan(source, scalable_target_tags.ScalableTargets(["there"], present))
    assert change == Change("TagResource", {"ResourceARN": "5", "Tags": {"a": "b"}})


def test_tags_of_a_scalable_target_are_read_less_those_of_aws(answer):
    arn = auto_scaling_arn("scalable-target", "1")
    target = {**SCALED, **CREATED, "MinCapacity": 1, "MaxCapacity": 9, "RoleARN": arn, "ScalableTargetARN": arn}
    answer("application-autoscaling", "describe_scalable_targets", None, {"ScalableTargets": [target]})
    answer("application-autoscaling", "list_tags_for_resource", {"ResourceARN": arn}, {"Tags": OF_AWS | {"a": "b"}})
    (tagged,) = read(scalable_target_tags, described()).targets.values()
    assert tagged.tags == {"a": "b"}


def test_tags_are_told_apart_by_index_and_dimension():
    targets = [
        {
            "ResourceId": f"table/orders{of_index}",
            "ScalableDimension": f"dynamodb:{kind}:WriteCapacityUnits",
            "ScalableTargetARN": auto_scaling_arn("scalable-target", kind),
            "Tags": {"kind": kind},
        }
        for of_index, kind in (("", "table"), ("/index/by_day", "index"))
    ]
    seen = scalable_target_tags.parse({"ScalableTargets": targets}, described()).targets
    assert {key: tagged.tags for key, tagged in seen.items()} == {
        ("", "dynamodb:table:WriteCapacityUnits"): {"kind": "table"},
        ("by_day", "dynamodb:index:WriteCapacityUnits"): {"kind": "index"},
    }
