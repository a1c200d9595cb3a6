# What the module makes when it is given nothing, in the order in which an event travels.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "defaults" {
  command = plan

  # tests/proof/test_event_patterns.py tests what they pass.
  assert {
    condition     = keys(aws_cloudwatch_event_rule.this) == ["aws_backup", "backup", "point_in_time"]
    error_message = "Not each way to restore a table has a rule."
  }

  assert {
    condition = alltrue([
      for type, target in aws_cloudwatch_event_target.queue :
      target.rule == aws_cloudwatch_event_rule.this[type].name &&
      target.arn == aws_sqs_queue.this[0].arn &&
      target.dead_letter_config[0].arn == aws_sqs_queue.dlq[0].arn
    ])
    error_message = "A rule does not send to the queue, or what it cannot deliver not to the dead-letter queue."
  }

  assert {
    condition = (
      aws_sqs_queue.this[0].delay_seconds == 60 &&
      aws_sqs_queue.this[0].message_retention_seconds == 1209600 &&
      aws_sqs_queue.this[0].visibility_timeout_seconds == 6 * 120
    )
    error_message = "The queue's delay, retention or visibility timeout is not the documented default."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.this[0].redrive_policy) == {
      deadLetterTargetArn = aws_sqs_queue.dlq[0].arn
      maxReceiveCount     = 1000
    }
    error_message = "The queue does not give up to the dead-letter queue after 1000 receives."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.dlq[0].redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = ["arn:aws-test:sqs:xx-test-1:111122223333:dynamodb-pitr-table-sync"]
    }
    error_message = "Another queue may use the dead-letter queue, or the queue may not."
  }

  assert {
    condition     = aws_sqs_queue.dlq[0].message_retention_seconds == 14 * 24 * 3600
    error_message = "The dead-letter queue keeps messages for less than 14 days."
  }

  assert {
    condition     = aws_sqs_queue.this[0].sqs_managed_sse_enabled && aws_sqs_queue.dlq[0].sqs_managed_sse_enabled
    error_message = "A queue is not encrypted."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.queue[0].batch_size == 10 &&
      aws_lambda_event_source_mapping.queue[0].function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.queue[0].scaling_config[0].maximum_concurrency == 10
    )
    error_message = "The event source mapping is not as documented."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].runtime == "python3.13" &&
      aws_lambda_function.this[0].architectures == tolist(["arm64"]) &&
      aws_lambda_function.this[0].memory_size == 256 &&
      aws_lambda_function.this[0].timeout == 120 &&
      aws_lambda_function.this[0].reserved_concurrent_executions == -1
    )
    error_message = "The function is not as documented."
  }

  assert {
    condition = tomap({
      for name, value in aws_lambda_function.this[0].environment[0].variables :
      name => value if !endswith(name, "_URL") && !contains(keys(local.settings), lower(name))
      }) == tomap({
      CREATE_TRIGGERS_DISABLED  = "false"
      INCLUDE_TABLES            = ""
      EXCLUDE_TABLES            = "awsbackup-restore-test-*"
      ENABLE_OUTCOME_EVENTS     = "true"
      EVENT_BUS_ARN             = "arn:aws-test:events:xx-test-1:111122223333:event-bus/default"
      BACKOFF_BASE_SECONDS      = "15"
      BACKOFF_RATE              = "1.015"
      BACKOFF_MAX_DELAY_SECONDS = "175"
      MAX_ATTEMPTS              = "1000"
      LOG_LEVEL                 = "INFO"
    })
    error_message = "The function's environment is not the documented defaults."
  }

  # tests/terraform/test_settings_file.py tests which are on.
  assert {
    condition = tomap({
      for name, value in aws_lambda_function.this[0].environment[0].variables :
      name => value if contains(keys(local.settings), lower(name))
    }) == tomap({ for toggle, setting in local.settings : upper(toggle) => setting.on ? "true" : "false" })
    error_message = "The function's environment does not have every setting's toggle."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].environment[0].variables["QUEUE_URL"] == aws_sqs_queue.this[0].url &&
      aws_lambda_function.this[0].environment[0].variables["DLQ_URL"] == aws_sqs_queue.dlq[0].url
    )
    error_message = "The function does not know its queues."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].logging_config[0].log_format == "JSON" &&
      aws_lambda_function.this[0].logging_config[0].log_group == "/aws/lambda/dynamodb-pitr-table-sync" &&
      aws_cloudwatch_log_group.this[0].name == "/aws/lambda/dynamodb-pitr-table-sync" &&
      aws_cloudwatch_log_group.this[0].retention_in_days == 30
    )
    error_message = "The function's log lines do not go to its own log group as JSON, or are not kept for 30 days."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].tracing_config[0].mode == "PassThrough" &&
      length(aws_lambda_function.this[0].vpc_config) == 0
    )
    error_message = "The function is traced or in a VPC without being told."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].source_code_hash == filebase64sha256("lambda_src/dist/function.zip") &&
      aws_lambda_layer_version.powertools[0].source_code_hash == filebase64sha256("lambda_src/dist/layer.zip")
    )
    error_message = "The function or its layer is not the committed package."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this : key =>
      [alarm.alarm_name, alarm.namespace, alarm.metric_name, alarm.statistic, one([for name, value in alarm.dimensions : "${name}=${value}"])]
      } == {
      dlq-not-empty      = ["dynamodb-pitr-table-sync-dlq-not-empty", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", "QueueName=dynamodb-pitr-table-sync-dlq"]
      errors             = ["dynamodb-pitr-table-sync-errors", "AWS/Lambda", "Errors", "Sum", "FunctionName=dynamodb-pitr-table-sync"]
      unanswered         = ["dynamodb-pitr-table-sync-unanswered", "DynamoDBTableSync", "Unanswered", "Sum", "service=dynamodb-pitr-table-sync"]
      throttles          = ["dynamodb-pitr-table-sync-throttles", "AWS/Lambda", "Throttles", "Sum", "FunctionName=dynamodb-pitr-table-sync"]
      not-received       = ["dynamodb-pitr-table-sync-not-received", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Minimum", "QueueName=dynamodb-pitr-table-sync"]
      lost-point-in-time = ["dynamodb-pitr-table-sync-lost-point-in-time", "AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", "RuleName=dynamodb-pitr-table-sync-point-in-time"]
      lost-backup        = ["dynamodb-pitr-table-sync-lost-backup", "AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", "RuleName=dynamodb-pitr-table-sync-backup"]
      lost-aws-backup    = ["dynamodb-pitr-table-sync-lost-aws-backup", "AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", "RuleName=dynamodb-pitr-table-sync-aws-backup"]
    }
    error_message = "The alarms do not watch what a restored table may wait for."
  }

  assert {
    condition = {
      for key, alarm in aws_cloudwatch_metric_alarm.this : key =>
      [alarm.period, alarm.evaluation_periods, alarm.datapoints_to_alarm]
      } == {
      dlq-not-empty      = [60, 1, 1]
      errors             = [300, 4, 1]
      unanswered         = [300, 1, 1]
      throttles          = [300, 3, 3]
      not-received       = [300, 3, 3]
      lost-point-in-time = [300, 1, 1]
      lost-backup        = [300, 1, 1]
      lost-aws-backup    = [300, 1, 1]
    }
    error_message = "An alarm goes off sooner or later than docs/operations.md says."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.comparison_operator == "GreaterThanOrEqualToThreshold" &&
      alarm.threshold == 1 &&
      alarm.treat_missing_data == "notBreaching"
    ])
    error_message = "An alarm does not go off at one, or goes off where there is nothing."
  }

  assert {
    condition     = length(aws_cloudwatch_dashboard.this) == 0 && output.dashboard_name == null
    error_message = "There is a dashboard without being told."
  }

  assert {
    # 37 hours.
    condition     = output.retry_window_seconds == 133409
    error_message = "The window is not the sum of the shortest delays between the attempts."
  }
}
