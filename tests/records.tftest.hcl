# What `enable_records` makes: nothing by default; a bucket, a recorder, its queue, rules, schedule and alarms.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "without_records_nothing_of_it_exists" {
  command = plan

  assert {
    condition = alltrue([
      for instances in [
        aws_s3_bucket.records,
        aws_s3_bucket_versioning.records,
        aws_s3_bucket_server_side_encryption_configuration.records,
        aws_s3_bucket_public_access_block.records,
        aws_s3_bucket_policy.records,
        aws_s3_bucket_lifecycle_configuration.records,
        aws_cloudwatch_event_rule.changes,
        aws_cloudwatch_event_target.changes,
        aws_cloudwatch_event_target.restores,
        aws_cloudwatch_event_rule.sweep,
        aws_cloudwatch_event_target.sweep,
        aws_lambda_permission.sweep,
        aws_cloudwatch_event_rule.event_history,
        aws_cloudwatch_event_target.event_history,
        aws_lambda_permission.event_history,
        aws_sqs_queue.recorder,
        aws_lambda_event_source_mapping.recorder,
        aws_lambda_function.recorder,
        aws_cloudwatch_log_group.recorder,
        aws_iam_role.recorder,
        aws_iam_role_policy.recorder,
        aws_cloudwatch_metric_alarm.records,
      ] : length(instances) == 0
    ])
    error_message = "Something of the records is made although enable_records is false."
  }

  assert {
    condition = (
      !contains(keys(aws_lambda_function.this[0].environment[0].variables), "RECORDS_BUCKET") &&
      !strcontains(aws_iam_role_policy.this[0].policy, "s3:")
    )
    error_message = "The function knows of a bucket although enable_records is false."
  }

  assert {
    condition     = output.records_bucket == null && output.recorder_function_name == null
    error_message = "An output names what is not made."
  }
}

run "a_bucket_of_its_own" {
  command = plan

  variables {
    name                   = "Restored_Tables"
    enable_records         = true
    records_schedule       = "rate(12 hours)"
    records_retention_days = 90
    records_force_destroy  = true
    kms_key_arn            = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
    alarm_actions          = ["arn:aws-test:sns:xx-test-1:111122223333:alarms"]
    include_tables         = ["prod-*"]
    restore_types          = ["point_in_time", "backup"]
  }

  assert {
    condition = (
      output.records_bucket == aws_s3_bucket.records[0].bucket &&
      output.records_bucket == "restored-tables-${substr(sha256("Restored_Tables"), 0, 8)}-111122223333-xx-test-1" &&
      aws_s3_bucket.records[0].force_destroy &&
      aws_s3_bucket_versioning.records[0].versioning_configuration[0].status == "Enabled"
    )
    error_message = "The bucket is not versioned, or has another name, or is not to be destroyed with its records."
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.records[0].rule).apply_server_side_encryption_by_default[0] ==
      {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
      }
    )
    error_message = "The bucket is not encrypted with the key."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.records[0].block_public_acls &&
      aws_s3_bucket_public_access_block.records[0].block_public_policy &&
      aws_s3_bucket_public_access_block.records[0].ignore_public_acls &&
      aws_s3_bucket_public_access_block.records[0].restrict_public_buckets
    )
    error_message = "The bucket may become public."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.records[0].policy).Statement == [{
      Sid       = "OnlyOverTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource = [
        "arn:aws-test:s3:::${output.records_bucket}",
        "arn:aws-test:s3:::${output.records_bucket}/*",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The bucket can be reached without TLS."
  }

  assert {
    condition = (
      length(aws_s3_bucket_lifecycle_configuration.records[0].rule) == 1 &&
      aws_s3_bucket_lifecycle_configuration.records[0].rule[0].noncurrent_version_expiration[0].noncurrent_days == 90 &&
      length(aws_s3_bucket_lifecycle_configuration.records[0].rule[0].expiration) == 0
    )
    error_message = "Another than the noncurrent versions expires, or after another period."
  }

  assert {
    condition = tomap(aws_lambda_function.recorder[0].environment[0].variables) == tomap({
      RECORDS_BUCKET     = output.records_bucket
      RECORDER_QUEUE_URL = aws_sqs_queue.recorder[0].url
      QUEUE_URL          = aws_sqs_queue.this[0].url
      LOG_LEVEL          = "INFO"
      INCLUDE_TABLES     = "prod-*"
      EXCLUDE_TABLES     = "awsbackup-restore-test-*"
      RESTORE_TYPES      = "backup,point_in_time"
    })
    error_message = "The recorder's environment is not as documented."
  }

  assert {
    condition = (
      aws_lambda_function.recorder[0].handler == "table_sync.recorder.lambda_handler" &&
      aws_lambda_function.recorder[0].memory_size == 256 && # what tests/proof/test_recorder_memory.py measures
      aws_lambda_function.recorder[0].timeout == 900 &&
      aws_lambda_function.recorder[0].source_code_hash == aws_lambda_function.this[0].source_code_hash &&
      aws_lambda_function.recorder[0].layers == aws_lambda_function.this[0].layers
    )
    error_message = "The recorder is not the function's package with the recorder's handler."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.recorder[0].function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.recorder[0].scaling_config[0].maximum_concurrency == 2 &&
      aws_sqs_queue.recorder[0].visibility_timeout_seconds == 6 * aws_lambda_function.recorder[0].timeout
    )
    error_message = "The recorder's queue is not as documented."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].environment[0].variables["RECORDS_BUCKET"] == output.records_bucket &&
      output.recorder_function_name == "Restored_Tables-recorder" &&
      output.recorder_log_group_name == "/aws/lambda/Restored_Tables-recorder" &&
      output.recorder_role_name == "Restored_Tables-recorder-xx-test-1"
    )
    error_message = "The function does not know the bucket, or an output has another name."
  }

  assert {
    condition = (
      aws_cloudwatch_event_rule.sweep[0].schedule_expression == "rate(12 hours)" &&
      jsondecode(aws_cloudwatch_event_target.sweep[0].input) == { sweep = true } &&
      aws_lambda_permission.sweep[0].principal == "events.amazonaws.com" &&
      keys(aws_cloudwatch_event_target.restores) == ["backup", "point_in_time"]
    )
    error_message = "The recorder does not get its schedule or the restores."
  }

  assert {
    condition = (
      aws_cloudwatch_event_rule.event_history[0].schedule_expression == "rate(5 minutes)" &&
      jsondecode(aws_cloudwatch_event_target.event_history[0].input) == { look_up = true } &&
      aws_lambda_permission.event_history[0].principal == "events.amazonaws.com"
    )
    error_message = "The recorder does not query the event history every five minutes."
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.records : name => [
        alarm.metric_name, alarm.comparison_operator, alarm.evaluation_periods, alarm.treat_missing_data,
        alarm.dimensions["service"], one(alarm.alarm_actions)
      ]
      } == {
      sweep-overdue = [
        "SweepsFinished", "LessThanThreshold", 24, "breaching",
        "Restored_Tables-recorder", "arn:aws-test:sns:xx-test-1:111122223333:alarms"
      ]
      tables-not-recorded = [
        "TablesNotRecorded", "GreaterThanOrEqualToThreshold", 12, "notBreaching",
        "Restored_Tables-recorder", "arn:aws-test:sns:xx-test-1:111122223333:alarms"
      ]
      event-history-overdue = [
        "EventHistoryQueried", "LessThanThreshold", 1, "breaching",
        "Restored_Tables-recorder", "arn:aws-test:sns:xx-test-1:111122223333:alarms"
      ]
    }
    error_message = "The alarms do not look at two schedules, or at the hour that a query may be late, or notify nobody."
  }
}

run "a_bucket_that_exists" {
  command = plan

  variables {
    # With the longest name, that of the role is shortened.
    name             = "n23456789-123456789_123456789-123456789_12345678"
    enable_records   = true
    records_bucket   = "records.of-every-account"
    records_schedule = "cron(30 3 * * ? *)"
  }

  assert {
    condition = alltrue([
      for instances in [
        aws_s3_bucket.records,
        aws_s3_bucket_versioning.records,
        aws_s3_bucket_server_side_encryption_configuration.records,
        aws_s3_bucket_public_access_block.records,
        aws_s3_bucket_policy.records,
        aws_s3_bucket_lifecycle_configuration.records,
      ] : length(instances) == 0
    ])
    error_message = "Something is made of a bucket that exists."
  }

  assert {
    condition = (
      output.records_bucket == "records.of-every-account" &&
      aws_lambda_function.recorder[0].environment[0].variables["RECORDS_BUCKET"] == "records.of-every-account" &&
      aws_lambda_function.this[0].environment[0].variables["RECORDS_BUCKET"] == "records.of-every-account"
    )
    error_message = "The functions use another bucket."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.records["sweep-overdue"].evaluation_periods == 48
    error_message = "A cron expression does not count as daily."
  }

  assert {
    condition     = length(output.recorder_role_name) <= 64 && endswith(output.recorder_role_name, "-recorder-xx-test-1")
    error_message = "The role's name is too long."
  }
}

run "what_the_recorder_may_do" {
  command = plan

  variables {
    name           = "sync"
    enable_records = true
    records_bucket = "records"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.recorder[0].policy).Statement :
      statement.Sid => [statement.Effect, statement.Action, statement.Resource]
      if !contains(local.setting_read_statements[*].Sid, statement.Sid)
      } == {
      ListTables     = ["Allow", ["dynamodb:ListTables"], "*"]
      DescribeTables = ["Allow", ["dynamodb:DescribeTable"], "arn:aws-test:dynamodb:*:111122223333:table/*"]
      WriteRecords   = ["Allow", ["s3:GetObject", "s3:PutObject"], "arn:aws-test:s3:::records/settings/v1/111122223333/*"]
      ListRecords    = ["Allow", ["s3:ListBucket"], "arn:aws-test:s3:::records"]

      QueryEventHistory = ["Allow", ["cloudtrail:LookupEvents"], "*"]
      ListRestores      = ["Allow", ["s3:ListBucket"], "arn:aws-test:s3:::records"]
      RememberQueries = [
        "Allow", ["s3:GetObject", "s3:PutObject"],
        "arn:aws-test:s3:::records/event_history/v1/111122223333/xx-test-1/sync.json"
      ]
      SendRestores = ["Allow", ["sqs:SendMessage"], "arn:aws-test:sqs:xx-test-1:111122223333:sync"]
      TakeMessages = [
        "Allow",
        [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        "arn:aws-test:sqs:xx-test-1:111122223333:sync-recorder"
      ]
      WriteLogs = [
        "Allow",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        "arn:aws-test:logs:xx-test-1:111122223333:log-group:/aws/lambda/sync-recorder:*"
      ]
    }
    error_message = "The recorder may do more or less than read tables, write records and take messages."
  }

  assert {
    condition = alltrue([
      for action in flatten(jsondecode(aws_iam_role_policy.recorder[0].policy).Statement[*].Action) :
      can(regex(":(Describe|Get|List)", action)) || contains([
        "cloudtrail:LookupEvents", "logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject",
        "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage",
      ], action)
    ])
    error_message = "The recorder may change something."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => [statement.Action, statement.Resource]
      if contains(local.records_statements[*].Sid, statement.Sid)
      } == {
      ReadRecords = [["s3:GetObjectVersion"], "arn:aws-test:s3:::records/settings/*"]
      ListRecords = [["s3:ListBucketVersions"], "arn:aws-test:s3:::records"]
      WriteRestores = [
        ["s3:GetObject", "s3:PutObject"], "arn:aws-test:s3:::records/restores/v1/111122223333/*"
      ]
    }
    error_message = "The function may do more or less in the bucket than read records and write reports."
  }

  assert {
    condition = contains(
      jsondecode(aws_sqs_queue.recorder[0].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"],
      "arn:aws-test:events:xx-test-1:111122223333:rule/sync-changes"
    )
    error_message = "The rule of changes may not send to the recorder's queue."
  }
}

run "without_queries_of_the_event_history" {
  command = plan

  variables {
    name                   = "sync"
    enable_records         = true
    records_bucket         = "records"
    event_history_schedule = null
  }

  assert {
    condition = (
      length(aws_cloudwatch_event_rule.event_history) == 0 &&
      length(aws_cloudwatch_event_target.event_history) == 0 &&
      length(aws_lambda_permission.event_history) == 0 &&
      !contains(keys(aws_cloudwatch_metric_alarm.records), "event-history-overdue") &&
      !contains(keys(aws_lambda_function.recorder[0].environment[0].variables), "RESTORE_TYPES") &&
      length(setintersection(
        jsondecode(aws_iam_role_policy.recorder[0].policy).Statement[*].Sid, local.event_history_statements[*].Sid
      )) == 0
    )
    error_message = "Something of the event history is left although it is never queried."
  }
}

run "no_schedule_of_the_event_history" {
  command = plan

  variables {
    event_history_schedule = "rate(1 minutes)"
  }

  expect_failures = [var.event_history_schedule]
}

run "below_the_limits" {
  command = plan

  variables {
    records_bucket         = "ab"
    records_schedule       = "rate(0 hours)"
    records_retention_days = 0
  }

  expect_failures = [var.records_bucket, var.records_schedule, var.records_retention_days]
}

run "above_the_limits" {
  command = plan

  variables {
    records_bucket         = "b23456789-123456789-123456789-123456789-123456789-123456789-1234"
    records_schedule       = "rate(4 days)"
    event_history_schedule = "rate(1000 minutes)"
    records_retention_days = 36501
  }

  expect_failures = [
    var.records_bucket, var.records_schedule, var.event_history_schedule, var.records_retention_days
  ]
}

run "of_another_form" {
  command = plan

  variables {
    records_bucket         = "arn:aws-test:s3:::records"
    records_schedule       = "rate(1 days)"
    records_retention_days = 1.5
  }

  expect_failures = [var.records_bucket, var.records_schedule, var.records_retention_days]
}

run "not_on_every_day" {
  command = plan

  variables {
    records_bucket         = "10.0.0.1"
    records_schedule       = "cron(0 3 ? * MON *)"
    event_history_schedule = "cron(0 3 ? * MON *)"
  }

  expect_failures = [var.records_bucket, var.records_schedule, var.event_history_schedule]
}

run "at_the_lowest_limits" {
  command = plan

  variables {
    enable_records         = true
    records_schedule       = "rate(1 hour)"
    event_history_schedule = "rate(1 minute)"
    records_retention_days = 1
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.records["sweep-overdue"].evaluation_periods == 2
    error_message = "Two schedules of an hour are not two hours."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.records["event-history-overdue"].evaluation_periods == 1
    error_message = "The alarm does not look at an hour, the least that it can."
  }
}

run "at_the_highest_limits" {
  command = plan

  variables {
    enable_records         = true
    records_schedule       = "rate(3 days)"
    event_history_schedule = "rate(999 minutes)"
    records_retention_days = 36500
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.records["sweep-overdue"].evaluation_periods == 144
    error_message = "Two schedules of three days are not six days, of which CloudWatch looks back at seven."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.records["event-history-overdue"].evaluation_periods == 34
    error_message = "Two schedules of 999 minutes are not rounded up to 34 hours."
  }
}
