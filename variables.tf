################################################################################
# General
################################################################################

variable "create" {
  description = <<-EOT
    Whether to create anything. With `false` the module creates no resources and reads nothing from AWS, and all its
    outputs are `null`.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "name" {
  description = <<-EOT
    Name of the queue and the function, and prefix of all other names. Two instances in one account and Region need
    different names. The role's name ends in the Region, so you can use one name in several Regions. A new name replaces
    every resource: both queues are destroyed, with all restores that wait in them. To rename without losing restores,
    add a second `module` block with the new name and apply. Disable the rules of the old instance (`rule_names`). Wait
    until its queue and its dead-letter queue are empty. Then remove the old block.
  EOT
  type        = string
  default     = "dynamodb-pitr-table-sync"
  nullable    = false

  validation {
    # The role is the shortest: 64 characters for NAME-REGION, and the longest Region (us-isof-south-1) has 15.
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{0,47}$", var.name))
    error_message = "The name must have 1 to 48 letters, digits, hyphens or underscores and begin with a letter or digit: shorten it or replace the other characters."
  }
}

variable "tags" {
  description = <<-EOT
    Tags of every resource that supports tags, in addition to the provider's `default_tags`. They are not copied to
    restored tables.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false
}

################################################################################
# Restores that are processed
################################################################################

variable "restore_types" {
  description = <<-EOT
    Which kinds of restore the module processes. Each has a rule of its own: `point_in_time`
    (RestoreTableToPointInTime), `backup` (RestoreTableFromBackup) and `aws_backup` (restore jobs of AWS Backup,
    processed when they have completed).
  EOT
  type        = set(string)
  default     = ["point_in_time", "backup", "aws_backup"]
  nullable    = false

  validation {
    condition = (
      length(var.restore_types) > 0 &&
      length(setsubtract(var.restore_types, ["point_in_time", "backup", "aws_backup"])) == 0
    )
    error_message = format("The restore_types must be one or more of point_in_time, backup and aws_backup. %s", (
      length(var.restore_types) == 0 ?
      "The list is empty: leave restore_types out for all three." :
      "Correct ${join(", ", [
        for type in var.restore_types : jsonencode(type)
        if !contains(["point_in_time", "backup", "aws_backup"], coalesce(type, "null"))
      ])}."
    ))
  }
}

variable "include_tables" {
  description = <<-EOT
    Names of the tables whose restores are processed, in which `*` stands for any characters (`prod-*`). Empty means all
    tables. A restore is processed if the name of its source table or of the restored table is in the list. The function
    applies both lists after the rules, so a restore that is left out costs one short invocation. Both lists are in the
    function's environment, for which Lambda allows 4 KB in total: about 2,500 characters are left for them.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for name in var.include_tables : can(regex("^(\\*?[a-zA-Z0-9_.-])*\\*?$", name)) && name != ""
    ])
    error_message = format(
      "Each of include_tables must be the name of a table (a-z, A-Z, 0-9, _, . and -), in which * stands for any characters. Correct %s.",
      join(", ", [
        for name in var.include_tables : join(" ", [
          jsonencode(name),
          (name == null || name == "") ? "(nothing: remove it)" :
          startswith(name, "arn:") ? "(an ARN: give the name after the slash)" :
          can(regex("\\s", name)) ? "(a space: remove it)" :
          strcontains(name, "?") ? "(a question mark: use * instead)" :
          strcontains(name, "**") ? "(two asterisks: one is enough)" :
          "(characters that no table name has: remove them)"
        ])
        if name == null || !can(regex("^(\\*?[a-zA-Z0-9_.-])*\\*?$", name)) || name == ""
      ])
    )
  }
}

variable "exclude_tables" {
  description = <<-EOT
    Names of the tables whose restores are not processed, in which `*` stands for any characters. A restore is left out
    if the name of its source table or of the restored table is in the list, even if `include_tables` has it too. The
    default excludes the tables that AWS Backup creates for restore testing and deletes afterwards.
  EOT
  type        = list(string)
  default     = ["awsbackup-restore-test-*"]
  nullable    = false

  validation {
    condition = alltrue([
      for name in var.exclude_tables : can(regex("^(\\*?[a-zA-Z0-9_.-])*\\*?$", name)) && name != ""
    ])
    error_message = format(
      "Each of exclude_tables must be the name of a table (a-z, A-Z, 0-9, _, . and -), in which * stands for any characters. Correct %s.",
      join(", ", [
        for name in var.exclude_tables : join(" ", [
          jsonencode(name),
          (name == null || name == "") ? "(nothing: remove it)" :
          startswith(name, "arn:") ? "(an ARN: give the name after the slash)" :
          can(regex("\\s", name)) ? "(a space: remove it)" :
          strcontains(name, "?") ? "(a question mark: use * instead)" :
          strcontains(name, "**") ? "(two asterisks: one is enough)" :
          "(characters that no table name has: remove them)"
        ])
        if name == null || !can(regex("^(\\*?[a-zA-Z0-9_.-])*\\*?$", name)) || name == ""
      ])
    )
  }
}

################################################################################
# Settings that are copied to a restored table
################################################################################

variable "enable_tag_settings" {
  description = <<-EOT
    Whether the source table's tags are copied to the restored table. With `false` they are neither read nor written,
    and the role may do neither.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_kinesis_settings" {
  description = <<-EOT
    Whether the restored table streams to the source table's Kinesis data streams, with the same timestamp precision.
    The consumers of these streams then also get the changes of the restored table.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_dynamodb_stream_settings" {
  description = "Whether the restored table gets a DynamoDB stream with the source stream's view type."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_dynamodb_lambda_trigger" {
  description = <<-EOT
    Whether the stream of the restored table invokes the Lambda functions that the source table's stream invokes. It
    needs `enable_dynamodb_stream_settings`. The functions then also run for the restored table's changes.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_ttl_settings" {
  description = <<-EOT
    Whether time to live is enabled on the restored table, on the source table's attribute. DynamoDB then deletes items
    that have expired since the point in time of the restore.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_pitr_settings" {
  description = <<-EOT
    Whether point-in-time recovery is enabled on the restored table, with the source table's recovery period in days.
    AWS charges for it by table size.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_auto_scaling_settings" {
  description = <<-EOT
    Whether the source's scalable targets, target tracking policies and scheduled actions are copied to the restored
    table and its indexes. They are not copied to tables that are restored to on-demand mode.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_deletion_protection_settings" {
  description = <<-EOT
    Whether deletion protection is turned on for the restored table if the source table has it. It is never turned off.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_table_class_settings" {
  description = <<-EOT
    Whether the source table's class is copied to the restored table. DynamoDB allows two changes of a table's class in
    30 days.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_on_demand_throughput_settings" {
  description = <<-EOT
    Whether the source's maximum throughput for on-demand mode is copied to the restored table and its indexes where the
    restore call has overridden it. It is not copied to tables that are restored to provisioned mode.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_contributor_insights_settings" {
  description = <<-EOT
    Whether CloudWatch Contributor Insights is turned on for the restored table and its indexes, in the source's mode.
    AWS charges for it by event. For tables that are encrypted with a customer managed key, the role needs `kms:Decrypt`
    on that key.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_resource_policy_settings" {
  description = <<-EOT
    Whether the source's resource-based policies are copied to the restored table and its stream. Their ARNs take the
    place of the source's in the policies. Everyone whom the policies allow access, also in other accounts, then has
    access to the restored data too.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_alarm_settings" {
  description = <<-EOT
    Whether the source's CloudWatch alarms are copied for the restored table and its indexes, under other names. The
    copies notify and run the same actions as the source's alarms.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "enable_scalable_target_tag_settings" {
  description = <<-EOT
    Whether the tags of the source's scalable targets are copied to those of the restored table. It has no effect while
    `enable_auto_scaling_settings` is `false`.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_event_source_mapping_tag_settings" {
  description = <<-EOT
    Whether the tags of the event source mappings of the source's stream are copied to those of the restored table's
    stream. It has no effect while `enable_dynamodb_lambda_trigger` is `false`.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "create_triggers_disabled" {
  description = <<-EOT
    Whether the event source mappings of restored tables are created disabled. Then no function runs for a restored
    table's changes until somebody enables its mapping. Mappings that you enable stay enabled.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "event_source_mapping_kms_key_arns" {
  description = <<-EOT
    ARNs of the customer managed KMS keys that encrypt the filter criteria of the source tables' Lambda triggers. A
    trigger with encrypted filters is copied only if the function may use its key. While
    `enable_dynamodb_lambda_trigger` is on, the function gets `kms:Decrypt` and `kms:GenerateDataKey` on these keys.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for arn in var.event_source_mapping_kms_key_arns : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))
    ])
    error_message = format(
      "Each of event_source_mapping_kms_key_arns must be the ARN of a KMS key (arn:PARTITION:kms:REGION:ACCOUNT:key/ID), not an ID or alias. Correct %s.",
      join(", ", [
        for arn in var.event_source_mapping_kms_key_arns : jsonencode(arn)
        if !can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))
      ])
    )
  }
}

################################################################################
# Outcome events
################################################################################

variable "enable_outcome_events" {
  description = <<-EOT
    Whether the module emits an EventBridge event when a restore is in sync or has failed. The event's detail is the
    report. With `false` the function sends no events, and the role may send none.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "event_bus_arn" {
  description = <<-EOT
    ARN of the event bus that receives the outcome events. `null` means the default bus of the account and Region. The
    bus must be in the function's Region. A bus of another account needs a policy that lets the function's role send to
    it. EventBridge accepts events for a deleted bus without an error, so they are lost and nothing reports it. To
    notice a deleted bus, keep `null`, and forward the events with a rule that has a dead-letter queue.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.event_bus_arn == null ? true : can(
      regex("^arn:[^:]+:events:[^:]+:[0-9]{12}:event-bus/.+$", var.event_bus_arn)
    )
    error_message = "The event_bus_arn must be the ARN of an event bus (arn:PARTITION:events:REGION:ACCOUNT:event-bus/NAME): give the bus's ARN instead of its name."
  }
}

################################################################################
# Records
################################################################################

variable "enable_records" {
  description = <<-EOT
    Whether the settings of every table are recorded in an S3 bucket, for restores whose source is gone. It adds a
    bucket, a function that reads all tables and writes to none, a queue, rules and alarms. The first scheduled sweep records all tables; to record them at once, invoke the function
    `recorder_function_name` with `{"sweep": true}`.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "records_bucket" {
  description = <<-EOT
    Name of an existing bucket for the records; `null` creates one. It must be versioned. The bucket may be in another
    Region, which keeps the records when the tables' Region does not answer, or in another account, which keeps them when
    the account is lost; its policy must allow the roles `role_arn` and `recorder_role_arn`. Several Regions and accounts may
    share it. If a customer managed KMS key encrypts it, the roles may use that key only if it is `kms_key_arn`.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.records_bucket == null ? true : (
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.records_bucket)) &&
      !can(regex("[.][.]|^[0-9]+([.][0-9]+){3}$", var.records_bucket))
    )
    error_message = "The records_bucket is ${jsonencode(var.records_bucket)}, which is not the name of a bucket: give its name (3 to 63 lower-case letters, digits, dots and hyphens) instead of an ARN or a URI."
  }
}

variable "records_schedule" {
  description = <<-EOT
    When all tables are recorded, as an EventBridge schedule: every 1 to 72 hours, every 1 to 3 days, or a cron
    expression (in UTC) that runs on every day. Changes that CloudTrail reports are recorded at once. An alarm goes off
    when no sweep has finished for two schedules. The limit of three days follows from CloudWatch, whose alarms evaluate
    at most seven days.
  EOT
  type        = string
  default     = "rate(1 day)"
  nullable    = false

  validation {
    condition = (
      can(regex("^rate\\((1 hour|([2-9]|[1-6][0-9]|7[0-2]) hours|1 day|[23] days)\\)$", var.records_schedule)) ||
      can(regex("^cron\\([0-9*/,-]+ [0-9*/,-]+ ([*] [*] [?]|[?] [*] [*]) [*]\\)$", var.records_schedule))
    )
    error_message = "The records_schedule is ${jsonencode(var.records_schedule)}: give a rate of 1 to 72 hours or 1 to 3 days, such as rate(12 hours), or a cron expression that runs on every day, such as cron(30 3 * * ? *)."
  }
}

variable "event_history_schedule" {
  description = <<-EOT
    When CloudTrail's event history is queried for restores that EventBridge has not reported, as an EventBridge
    schedule. `null` never queries it. The event history needs no trail, and shows a call within about 15 minutes. A query
    covers the time since the last one that succeeded, up to 14 days. It needs `enable_records`.

    Give a rate of 1 to 999 minutes, 1 to 72 hours or 1 to 3 days, or a cron expression (in UTC) that runs on every day.
    An alarm goes off when no query has succeeded for an hour, or for two schedules if that is longer. A cron expression
    counts as daily.
  EOT
  type        = string
  default     = "rate(5 minutes)"

  validation {
    condition = (
      var.event_history_schedule == null ||
      can(regex("^rate\\((1 minute|([2-9]|[1-9][0-9]{1,2}) minutes)\\)$", var.event_history_schedule)) ||
      can(regex("^rate\\((1 hour|([2-9]|[1-6][0-9]|7[0-2]) hours|1 day|[23] days)\\)$", var.event_history_schedule)) ||
      can(regex("^cron\\([0-9*/,-]+ [0-9*/,-]+ ([*] [*] [?]|[?] [*] [*]) [*]\\)$", var.event_history_schedule))
    )
    error_message = "The event_history_schedule is ${jsonencode(var.event_history_schedule)}: give a rate of 1 to 999 minutes, 1 to 72 hours or 1 to 3 days, such as rate(5 minutes), a cron expression that runs on every day, such as cron(0/10 6-20 * * ? *), or null."
  }
}

variable "records_retention_days" {
  description = <<-EOT
    Days for which earlier versions of a table's record are kept in the module's own bucket. The current version never
    expires, so the last known settings of a deleted table stay. Choose more days than you keep the backups that you
    restore.
  EOT
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition = (
      var.records_retention_days >= 1 && var.records_retention_days <= 36500 &&
      floor(var.records_retention_days) == var.records_retention_days
    )
    error_message = "The records_retention_days are ${var.records_retention_days}: give a whole number of days from 1 to 36500."
  }
}

variable "records_force_destroy" {
  description = <<-EOT
    Whether `terraform destroy` deletes the module's own bucket with all records in it. With `false`, `terraform destroy`
    fails while the bucket is not empty.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

################################################################################
# Retries
################################################################################

variable "initial_delay_seconds" {
  description = <<-EOT
    Seconds from the arrival of the restore's event to the first attempt, 0 to 900. This is the queue's delivery delay.
    Restores take more than a minute, even of empty tables.
  EOT
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition = (
      var.initial_delay_seconds >= 0 &&
      var.initial_delay_seconds <= 900 &&
      floor(var.initial_delay_seconds) == var.initial_delay_seconds
    )
    error_message = "The initial_delay_seconds must be a whole number from 0 to 900, which is the longest delivery delay of SQS."
  }
}

variable "backoff_base_seconds" {
  description = <<-EOT
    Seconds between the first attempt and the second, 1 to 36900. No later delay is shorter. It may not exceed
    `backoff_max_delay_seconds`. The default is short, because it is also the delay when AWS needs only seconds more.
  EOT
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition = (
      var.backoff_base_seconds >= 1 &&
      var.backoff_base_seconds <= 36900 &&
      floor(var.backoff_base_seconds) == var.backoff_base_seconds
    )
    error_message = "The backoff_base_seconds must be a whole number from 1 to 36900."
  }
}

variable "backoff_rate" {
  description = <<-EOT
    Factor by which the delay grows from one attempt to the next, 1 to 10. With 1 all delays are `backoff_base_seconds`.
    With a rate near 1 the delay is a share of the restore's age. The default keeps it at about 1.5 % plus
    `backoff_base_seconds`, until it reaches `backoff_max_delay_seconds` after about three hours.
  EOT
  type        = number
  default     = 1.015
  nullable    = false

  validation {
    condition     = var.backoff_rate >= 1 && var.backoff_rate <= 10
    error_message = "The backoff_rate must be a number from 1 to 10; use 1 for delays that do not grow."
  }
}

variable "backoff_max_delay_seconds" {
  description = <<-EOT
    Longest delay between two attempts in seconds, 1 to 36900. A restored table is checked at most this long after it
    becomes `ACTIVE`. The default keeps that under three minutes.
  EOT
  type        = number
  default     = 175
  nullable    = false

  validation {
    # A message is hidden for at most 12 hours from its receipt. Of these Lambda may have tried for 90 minutes to start the
    # function (the queue's visibility timeout), and that may have run for 15 (the longest timeout).
    condition = (
      var.backoff_max_delay_seconds >= 1 &&
      var.backoff_max_delay_seconds <= 36900 &&
      floor(var.backoff_max_delay_seconds) == var.backoff_max_delay_seconds
    )
    error_message = "The backoff_max_delay_seconds must be a whole number from 1 to 36900: SQS hides a message for at most 12 hours, and the function may need 105 minutes of them to start and finish."
  }
}

variable "max_attempts" {
  description = <<-EOT
    Number of attempts before the restore's message goes to the dead-letter queue, 1 to 1000. With the defaults of the
    other inputs, 1000 attempts cover at least 36 hours.
  EOT
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.max_attempts >= 1 && var.max_attempts <= 1000 && floor(var.max_attempts) == var.max_attempts
    error_message = "The max_attempts must be a whole number from 1 to 1000, which is the largest maxReceiveCount of SQS."
  }
}

variable "message_retention_seconds" {
  description = <<-EOT
    Seconds after which SQS deletes a message that still waits, 60 to 1209600 (14 days). It must be longer than all
    retries in total, so that a restore that cannot finish reaches the dead-letter queue instead of expiring. With the
    defaults, this is also true of a message that the function never answers. It moves after `max_attempts` times the
    queue's visibility timeout (six times `timeout`).
  EOT
  type        = number
  default     = 1209600
  nullable    = false

  validation {
    condition = (
      var.message_retention_seconds >= 60 &&
      var.message_retention_seconds <= 1209600 &&
      floor(var.message_retention_seconds) == var.message_retention_seconds
    )
    error_message = "The message_retention_seconds must be a whole number from 60 to 1209600 (14 days), the limits of SQS."
  }
}

################################################################################
# Function
################################################################################

variable "runtime" {
  description = <<-EOT
    Runtime of the function: `python3.11`, `python3.12`, `python3.13` or `python3.14`. For `python3.14` you need a
    provider version that knows it; 5.100.0 does not.
  EOT
  type        = string
  default     = "python3.13"
  nullable    = false

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13", "python3.14"], var.runtime)
    error_message = "The runtime must be python3.11, python3.12, python3.13 or python3.14."
  }
}

variable "architecture" {
  description = "Processor of the function: `arm64`, which costs less, or `x86_64`. The packages run on both."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "The architecture must be arm64 or x86_64."
  }
}

variable "memory_size" {
  description = <<-EOT
    Memory of the function in MB, 128 to 10240. The function uses less than 60 MB (`make bench`). The default is higher
    because memory brings processor time, which shortens cold starts.
  EOT
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "The memory_size must be a whole number of MB from 128 to 10240."
  }
}

variable "timeout" {
  description = <<-EOT
    Longest run of the function in seconds, 60 to 900. By default a batch of ten restores has more than a minute for its
    calls. The rest is 19 seconds of waiting for AWS, and 30 seconds in reserve for a call that AWS does not answer. A
    message that the function did not answer returns to the queue after six times as long (the queue's visibility
    timeout).
  EOT
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.timeout >= 60 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "The timeout must be a whole number of seconds from 60, which a batch of restores may need, to 900, the limit of Lambda."
  }
}

variable "maximum_concurrency" {
  description = <<-EOT
    How many instances of the function the queue may run at the same time, 2 to 1000. Each takes up to ten restores, so
    the default processes 100 at a time. That is twice the 50 concurrent restores that AWS allows an account.
  EOT
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition = (
      var.maximum_concurrency >= 2 &&
      var.maximum_concurrency <= 1000 &&
      floor(var.maximum_concurrency) == var.maximum_concurrency
    )
    error_message = "The maximum_concurrency must be a whole number from 2 to 1000, the limits of an SQS event source."
  }
}

variable "reserved_concurrent_executions" {
  description = <<-EOT
    Concurrency reserved for the function from the account's limit, or `-1` to reserve none. A value above 0 may not be
    below `maximum_concurrency`. 0 stops the function, and SQS deletes waiting messages after
    `message_retention_seconds`.
  EOT
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition = (
      var.reserved_concurrent_executions >= -1 &&
      floor(var.reserved_concurrent_executions) == var.reserved_concurrent_executions
    )
    error_message = "The reserved_concurrent_executions must be a whole number from 0, or -1 to reserve none."
  }
}

variable "log_level" {
  description = <<-EOT
    Lowest level of the log lines that the function writes: `DEBUG`, `INFO`, `WARN` or `ERROR`. The line that reports an
    attempt has the level `INFO`, or `ERROR` if the attempt failed. No line has the level `DEBUG` yet.
  EOT
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "The log_level must be DEBUG, INFO, WARN or ERROR, in capitals."
  }
}

variable "tracing_mode" {
  description = <<-EOT
    X-Ray tracing of the function: `PassThrough` or `Active`. `Active` samples the invocations and lets the role send
    trace segments.
  EOT
  type        = string
  default     = "PassThrough"
  nullable    = false

  validation {
    condition     = contains(["PassThrough", "Active"], var.tracing_mode)
    error_message = "The tracing_mode must be PassThrough or Active."
  }
}

variable "vpc_config" {
  description = <<-EOT
    Subnets and security groups for a function that must run in a VPC. `null` means no VPC. Through NAT or endpoints,
    the subnets must reach DynamoDB, Lambda, Application Auto Scaling, EventBridge, SQS, CloudWatch (for
    `enable_alarm_settings`) and STS (for `enable_resource_policy_settings`), in the Region of every source table. When
    the function is destroyed or leaves the VPC, Lambda takes up to 20 minutes to delete its network interfaces, and
    needs the role's permissions for that. So the subnets and security groups cannot be deleted before.
  EOT
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null

  validation {
    condition = var.vpc_config == null ? true : try(
      length(var.vpc_config.subnet_ids) > 0 &&
      length(var.vpc_config.security_group_ids) > 0 &&
      alltrue([for id in var.vpc_config.subnet_ids : can(regex("^subnet-.+$", id))]) &&
      alltrue([for id in var.vpc_config.security_group_ids : can(regex("^sg-.+$", id))]),
      false
    )
    error_message = format(
      "The vpc_config must have the IDs of at least one subnet (subnet-...) and of one security group (sg-...). %s",
      join(" ", concat([
        for id in try(concat(var.vpc_config.subnet_ids), []) : "${jsonencode(id)} is not the ID of a subnet."
        if !can(regex("^subnet-.+$", id))
        ], [
        for id in try(concat(var.vpc_config.security_group_ids), []) :
        "${jsonencode(id)} is not the ID of a security group."
        if !can(regex("^sg-.+$", id))
      ], ["Correct them, or leave vpc_config out."]))
    )
  }
}

variable "permissions_boundary" {
  description = <<-EOT
    ARN of the policy that is the permissions boundary of the function's role, for accounts that require one. `null`
    sets none.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.permissions_boundary == null ? true : can(
      regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary)
    )
    error_message = "The permissions_boundary must be the ARN of a managed IAM policy (arn:PARTITION:iam::ACCOUNT:policy/NAME)."
  }
}

################################################################################
# Package
################################################################################

variable "package_s3" {
  description = <<-EOT
    Takes the packages from S3 instead of from the module's own files, for organizations that do not allow deployment
    from a repository. Copy `lambda_src/dist/function.zip` (and `layer.zip`) to a bucket in the function's Region, and
    give the bucket and the keys here. Without `layer_key` the layer comes from the module's file, or from
    `powertools_layer_arn`, which excludes `layer_key`. Terraform notices a new package only if its key or object
    version changes.
  EOT
  type = object({
    bucket                  = string
    function_key            = string
    function_object_version = optional(string)
    layer_key               = optional(string)
    layer_object_version    = optional(string)
  })
  default = null

  validation {
    condition = var.package_s3 == null ? true : can(
      regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.package_s3.bucket)
    )
    error_message = "The bucket of package_s3 is ${jsonencode(try(var.package_s3.bucket, null))}, which is not the name of a bucket (3 to 63 lower-case letters, digits, dots and hyphens): give the name alone, without s3:// or a path."
  }

  validation {
    condition = var.package_s3 == null ? true : (
      can(regex("^.+$", var.package_s3.function_key)) && var.package_s3.layer_key != ""
    )
    error_message = "The function_key of package_s3 must be the key of an object, and so must the layer_key: name it, or leave the layer_key out."
  }

  validation {
    condition = var.package_s3 == null ? true : (
      var.package_s3.layer_object_version == null || var.package_s3.layer_key != null
    )
    error_message = "The layer_object_version of package_s3 is that of the object layer_key: name the key too, or leave both out."
  }
}

variable "powertools_layer_arn" {
  description = <<-EOT
    ARN of a layer version with Powertools for AWS Lambda (Python) 3, in the function's Region, to use instead of the
    module's own layer. With `null` the module creates the layer. The ARN must be known when Terraform makes the plan.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.powertools_layer_arn == null ? true : can(
      regex("^arn:[^:]+:lambda:[^:]+:[0-9]{12}:layer:[^:]+:[0-9]+$", var.powertools_layer_arn)
    )
    error_message = "The powertools_layer_arn must be the ARN of a layer version (arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION): add the version number if it is missing."
  }
}

################################################################################
# Encryption, logs, alarms, dashboard
################################################################################

variable "kms_key_arn" {
  description = <<-EOT
    ARN of a customer managed KMS key that encrypts both queues, the log group and the function's environment; with
    `enable_records` also the recorder's queue, log group and environment, and the bucket that the module creates. With
    `null` they are encrypted with keys that AWS owns. The key's own policy must allow two services to use it.
    `events.amazonaws.com` needs `kms:Decrypt` and `kms:GenerateDataKey`; without them no event reaches the queue.
    `logs.REGION.amazonaws.com` needs `kms:Encrypt*`, `kms:Decrypt*`, `kms:ReEncrypt*`, `kms:GenerateDataKey*` and
    `kms:Describe*`; without them the log group cannot be created. Messages stay encrypted with the key with which they
    were sent. When you change or remove the key, add the old one to `previous_kms_key_arns` in the same apply.
    Otherwise the function cannot read the restores that wait.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.kms_key_arn == null ? true : can(
      regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn)
    )
    error_message = "The kms_key_arn must be the ARN of a KMS key (arn:PARTITION:kms:REGION:ACCOUNT:key/ID): give the key's ARN instead of an ID or alias."
  }
}

variable "previous_kms_key_arns" {
  description = <<-EOT
    ARNs of the KMS keys that `kms_key_arn` had before. The functions get `kms:Decrypt` on them, to read messages that
    were sent, and records that were written, before the change. Keep a key in this list, and enabled, until every older
    message is gone. That is the case after 14 days, or earlier if both queues have been empty once after the change.
    With `enable_records`, keep it for as long as you want to use older records: S3 does not encrypt them anew. Whoever redrives the
    dead-letter queue needs `kms:Decrypt` on the old key too. Keep the key itself enabled as long as you want to read
    log lines from before the change, because CloudWatch Logs needs it for them.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for arn in var.previous_kms_key_arns : can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))
    ])
    error_message = format(
      "Each of previous_kms_key_arns must be the ARN of a KMS key (arn:PARTITION:kms:REGION:ACCOUNT:key/ID), not an ID or alias. Correct %s.",
      join(", ", [
        for arn in var.previous_kms_key_arns : jsonencode(arn)
        if !can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", arn))
      ])
    )
  }
}

variable "log_retention_in_days" {
  description = <<-EOT
    Days for which log lines are kept, one of the periods that CloudWatch Logs offers. 0 keeps them forever. The default
    is longer than the 14 days for which the dead-letter queue keeps a message, so the attempts of each message are in
    the log.
  EOT
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_in_days
    )
    error_message = "The log_retention_in_days must be 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "alarm_actions" {
  description = <<-EOT
    ARNs that the alarms notify when they go off and when they return to `OK`, such as SNS topics in the same Region.
    Without any, the alarms only show in CloudWatch.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_actions) <= 5
    error_message = "There are ${length(var.alarm_actions)} alarm_actions, and CloudWatch allows five: remove some."
  }

  validation {
    condition = alltrue([for arn in var.alarm_actions : can(regex("^arn(:[^:]*){4}:.+$", arn))])
    error_message = format(
      "Each of alarm_actions must be an ARN, such as that of an SNS topic (arn:PARTITION:sns:REGION:ACCOUNT:TOPIC). Correct %s.",
      join(", ", [for arn in var.alarm_actions : jsonencode(arn) if !can(regex("^arn(:[^:]*){4}:.+$", arn))])
    )
  }
}

variable "create_dashboard" {
  description = <<-EOT
    Whether to create a CloudWatch dashboard. It shows restores by outcome, copied and failed settings, the queues, the
    function and the latest outcomes. CloudWatch charges for each dashboard.
  EOT
  type        = bool
  default     = false
  nullable    = false
}
