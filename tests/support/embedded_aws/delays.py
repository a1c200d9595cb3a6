"""How long AWS takes for what it does after it has answered."""

from dataclasses import dataclass


@dataclass
class Delays:
    """Seconds, each of them settable. What is called a probe is a live one of October 2026, on tables of 0-1 items.

    `create_table` is kinder than AWS, where a table is CREATING for seconds: the function creates none.
    `capacity`, `index` and `delete_table` are guesses: no source gives them.
    """

    call: float = 0.0  # what each call takes, those of the administrator aside
    create_table: float = 0.0
    delete_table: float = 5.0
    stream: float = 4.5  # probe: UPDATING for 4-5 s
    table_class: float = 5.0  # probe: UPDATING for 4-6 s
    capacity: float = 5.0
    encryption: float = 22.0  # probe: SSEDescription is UPDATING for 21-23 s
    index: float = 60.0
    restored_index: float = 0.0  # how much longer than its table an index of a restored table is CREATING
    ttl: float = 2.0  # probe: ENABLED within 2.1 s; the API reference says up to an hour
    ttl_cooldown: float = 1870.0  # probe: the first change after another is taken 1,872 s later
    continuous_backups: float = 5.0  # probe: unavailable for 3-6 s after ACTIVE
    tags: float = 2.5  # probe: reads lag 2-3 s
    resource_policy: float = 2.0  # probe: reads lag 1-3 s
    kinesis: float = 5.0  # probe: ENABLING for 2-7 s
    kinesis_disabling: float = 2.0  # probe: DISABLING for 1-2 s
    kinesis_precision: float = 138.0  # probe: UPDATING for 124-152 s
    resource_policy_applied: float = 2.0  # probe: for 0.6-2.4 s the next one is refused as in use
    resource_policy_cooldown: float = 15.0  # probe: until then the next one is throttled
    contributor_insights: float = 8.0  # probe: ENABLING for 1-16 s
    mapping: float = 10.0  # Lambda developer guide: a mapping takes a while, up to minutes, to start
    auto_scaling: float = 10.0  # a target's bounds are applied seconds after they are registered
