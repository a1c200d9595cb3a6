# What each input changes.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "every_input_is_passed_on" {
  command = plan

  variables {
    name                           = "restores"
    tags                           = { team = "data" }
    restore_types                  = ["backup"]
    include_tables                 = ["orders", "prod-*"]
    exclude_tables                 = ["*-test"]
    enable_ttl_settings            = false
    enable_alarm_settings          = true
    create_triggers_disabled       = true
    enable_outcome_events          = false
    event_bus_arn                  = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
    initial_delay_seconds          = 30
    backoff_base_seconds           = 20
    backoff_rate                   = 2.25
    backoff_max_delay_seconds      = 600
    max_attempts                   = 7
    message_retention_seconds      = 86400
    runtime                        = "python3.12"
    architecture                   = "x86_64"
    memory_size                    = 512
    timeout                        = 90
    maximum_concurrency            = 3
    reserved_concurrent_executions = 4
    log_level                      = "DEBUG"
    tracing_mode                   = "Active"
    vpc_config                     = { subnet_ids = ["subnet-1", "subnet-2"], security_group_ids = ["sg-1"] }
    permissions_boundary           = "arn:aws-test:iam::111122223333:policy/boundary"
    kms_key_arn                    = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
    log_retention_in_days          = 365
    alarm_actions                  = ["arn:aws-test:sns:xx-test-1:111122223333:alarms"]
    create_dashboard               = true
  }

  # All of them at once contradict each other.
  expect_failures = [check.event_bus_gets_outcome_events]

  assert {
    condition = tomap({
      for name, value in aws_lambda_function.this[0].environment[0].variables :
      name => value if !contains(keys(local.settings), lower(name))
      }) == tomap({
      CREATE_TRIGGERS_DISABLED  = "true"
      INCLUDE_TABLES            = "orders,prod-*"
      EXCLUDE_TABLES            = "*-test"
      ENABLE_OUTCOME_EVENTS     = "false"
      EVENT_BUS_ARN             = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
      BACKOFF_BASE_SECONDS      = "20"
      BACKOFF_RATE              = "2.25"
      BACKOFF_MAX_DELAY_SECONDS = "600"
      MAX_ATTEMPTS              = "7"
      LOG_LEVEL                 = "DEBUG"
      QUEUE_URL                 = aws_sqs_queue.this[0].url
      DLQ_URL                   = aws_sqs_queue.dlq[0].url
    })
    error_message = "The function's environment does not follow the inputs."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].environment[0].variables["ENABLE_TTL_SETTINGS"] == "false" &&
      aws_lambda_function.this[0].environment[0].variables["ENABLE_ALARM_SETTINGS"] == "true"
    )
    error_message = "The toggles do not follow the inputs."
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
    condition     = keys(aws_cloudwatch_event_rule.this) == ["backup"]
    error_message = "The rules do not follow the inputs."
  }

  assert {
    condition = (
      aws_sqs_queue.this[0].delay_seconds == 30 &&
      aws_sqs_queue.this[0].message_retention_seconds == 86400 &&
      aws_sqs_queue.this[0].visibility_timeout_seconds == 6 * 90 &&
      jsondecode(aws_sqs_queue.this[0].redrive_policy).maxReceiveCount == 7
    )
    error_message = "The queue does not follow the inputs."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this[0], aws_sqs_queue.dlq[0]] :
      jsondecode(queue.policy).Statement[0].Condition.ArnEquals == {
        "aws:SourceArn" = ["arn:aws-test:events:xx-test-1:111122223333:rule/restores-backup"]
      }
    ])
    error_message = "Rules that are not there may send to a queue."
  }

  assert {
    condition = jsondecode(aws_sqs_queue.dlq[0].redrive_allow_policy) == {
      redrivePermission = "byQueue"
      sourceQueueArns   = ["arn:aws-test:sqs:xx-test-1:111122223333:restores"]
    }
    error_message = "The dead-letter queue does not follow the queue's name."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].runtime == "python3.12" &&
      aws_lambda_function.this[0].architectures == tolist(["x86_64"]) &&
      aws_lambda_function.this[0].memory_size == 512 &&
      aws_lambda_function.this[0].timeout == 90 &&
      aws_lambda_function.this[0].reserved_concurrent_executions == 4 &&
      aws_lambda_event_source_mapping.queue[0].scaling_config[0].maximum_concurrency == 3
    )
    error_message = "The function or its mapping does not follow the inputs."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].logging_config[0].application_log_level == "INFO" &&
      aws_lambda_function.this[0].tracing_config[0].mode == "Active" &&
      aws_cloudwatch_log_group.this[0].retention_in_days == 365
    )
    error_message = "Logs or traces do not follow the inputs."
  }

  assert {
    condition = (
      aws_lambda_function.this[0].vpc_config[0].subnet_ids == toset(["subnet-1", "subnet-2"]) &&
      aws_lambda_function.this[0].vpc_config[0].security_group_ids == toset(["sg-1"])
    )
    error_message = "The function is not in the VPC."
  }

  assert {
    condition     = aws_iam_role.this[0].permissions_boundary == var.permissions_boundary
    error_message = "The role has no permissions boundary."
  }

  assert {
    condition = alltrue([
      for key in [
        aws_sqs_queue.this[0].kms_master_key_id,
        aws_sqs_queue.dlq[0].kms_master_key_id,
        aws_cloudwatch_log_group.this[0].kms_key_id,
        aws_lambda_function.this[0].kms_key_arn,
      ] : key == var.kms_key_arn
    ])
    error_message = "A queue, the log group or the function's environment is not encrypted with the key."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_actions == toset(var.alarm_actions) && alarm.ok_actions == toset(var.alarm_actions)
    ])
    error_message = "An alarm does not notify the alarm actions."
  }

  assert {
    condition     = [for key in keys(output.alarm_arns) : key if startswith(key, "lost-")] == ["lost-backup"]
    error_message = "The alarms on lost events are not those of the rules."
  }

  assert {
    condition = (
      output.dashboard_name == "restores-xx-test-1" &&
      length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 10
    )
    error_message = "There is no dashboard."
  }

  assert {
    condition = alltrue([
      for tags in concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.tags], [
        aws_cloudwatch_event_rule.this["backup"].tags,
        aws_sqs_queue.this[0].tags,
        aws_sqs_queue.dlq[0].tags,
        aws_lambda_event_source_mapping.queue[0].tags,
        aws_lambda_function.this[0].tags,
        aws_iam_role.this[0].tags,
        aws_cloudwatch_log_group.this[0].tags,
      ]) : tags == var.tags
    ])
    error_message = "A resource lacks the tags."
  }
}

run "longest_name_and_region" {
  command = plan

  variables {
    name             = "n23456789-123456789_123456789-123456789_12345678"
    create_dashboard = true
  }

  override_data {
    override_during = plan
    target          = data.aws_region.current
    values          = { id = "us-isof-south-1" }
  }

  # The limits of the service models: IAM 64, EventBridge 64, Lambda 64, SQS 80, layers 140, alarms 255.
  assert {
    condition = (
      length(aws_iam_role.this[0].name) == 64 &&
      alltrue([for rule in aws_cloudwatch_event_rule.this : length(rule.name) <= 64]) &&
      length(aws_lambda_function.this[0].function_name) <= 64 &&
      length(aws_sqs_queue.this[0].name) <= 80 &&
      length(aws_sqs_queue.dlq[0].name) <= 80
    )
    error_message = "A name is longer than AWS allows."
  }

  assert {
    condition = (
      length(aws_lambda_layer_version.powertools[0].layer_name) <= 140 &&
      length(aws_cloudwatch_dashboard.this[0].dashboard_name) <= 255 &&
      alltrue([for alarm in aws_cloudwatch_metric_alarm.this : length(alarm.alarm_name) <= 255])
    )
    error_message = "A name is longer than AWS allows."
  }

  assert {
    condition = alltrue([
      for name in concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], [
        aws_iam_role.this[0].name,
        aws_cloudwatch_event_rule.this["point_in_time"].name,
        aws_cloudwatch_event_rule.this["backup"].name,
        aws_cloudwatch_event_rule.this["aws_backup"].name,
        aws_lambda_function.this[0].function_name,
        aws_sqs_queue.this[0].name,
        aws_sqs_queue.dlq[0].name,
        aws_lambda_layer_version.powertools[0].layer_name,
        aws_cloudwatch_dashboard.this[0].dashboard_name,
        trimprefix(aws_cloudwatch_log_group.this[0].name, "/aws/lambda/"),
      ]) : startswith(name, var.name)
    ])
    error_message = "A resource's name does not begin with the name: two instances would collide."
  }
}

# Lists of tables are for the function: no rule names a table, however many there are.

run "tables" {
  command = plan

  variables {
    include_tables = [for number in range(60) : "table-number-${number}-*"]
    exclude_tables = ["*backup*", "*-*-*-*-*-*"]
  }

  assert {
    condition = (
      aws_lambda_function.this[0].environment[0].variables["INCLUDE_TABLES"] == join(",", var.include_tables) &&
      aws_lambda_function.this[0].environment[0].variables["EXCLUDE_TABLES"] == "*backup*,*-*-*-*-*-*"
    )
    error_message = "The function does not know all tables."
  }

  assert {
    condition = alltrue([
      for rule in aws_cloudwatch_event_rule.this :
      !strcontains(rule.event_pattern, "table") && !strcontains(rule.event_pattern, "*")
    ])
    error_message = "A rule names tables."
  }
}

run "shortest_name" {
  command = plan

  variables {
    name = "x"
  }
}

run "package_from_s3" {
  command = plan

  variables {
    package_s3 = {
      bucket                  = "artifacts"
      function_key            = "table-sync/function.zip"
      function_object_version = "v1"
      layer_key               = "table-sync/layer.zip"
      layer_object_version    = "v2"
    }
  }

  assert {
    condition = (
      aws_lambda_function.this[0].s3_bucket == "artifacts" &&
      aws_lambda_function.this[0].s3_key == "table-sync/function.zip" &&
      aws_lambda_function.this[0].s3_object_version == "v1" &&
      aws_lambda_function.this[0].filename == null
    )
    error_message = "The function does not come from S3."
  }

  assert {
    condition = (
      aws_lambda_layer_version.powertools[0].s3_bucket == "artifacts" &&
      aws_lambda_layer_version.powertools[0].s3_key == "table-sync/layer.zip" &&
      aws_lambda_layer_version.powertools[0].s3_object_version == "v2" &&
      aws_lambda_layer_version.powertools[0].filename == null
    )
    error_message = "The layer does not come from S3."
  }
}

run "only_the_function_from_s3" {
  command = plan

  variables {
    package_s3 = { bucket = "artifacts", function_key = "function.zip" }
  }

  assert {
    condition = (
      aws_lambda_function.this[0].s3_key == "function.zip" &&
      endswith(aws_lambda_layer_version.powertools[0].filename, "lambda_src/dist/layer.zip") &&
      aws_lambda_layer_version.powertools[0].s3_bucket == null
    )
    error_message = "The function does not come from S3, or the layer not from the module."
  }
}

run "layer_of_their_own" {
  command = plan

  variables {
    powertools_layer_arn = "arn:aws-test:lambda:xx-test-1:111122223333:layer:powertools:3"
  }

  assert {
    condition = (
      aws_lambda_function.this[0].layers == tolist([var.powertools_layer_arn]) &&
      length(aws_lambda_layer_version.powertools) == 0 &&
      output.layer_arn == var.powertools_layer_arn
    )
    error_message = "The function does not use the layer, or the module makes one too."
  }
}

run "nothing" {
  command = plan

  # Refused otherwise, but what is not made needs no sense.
  variables {
    create                          = false
    create_dashboard                = true
    enable_records                  = true
    enable_dynamodb_stream_settings = false
    message_retention_seconds       = 60
  }

  assert {
    condition = alltrue([
      for instances in [
        data.aws_partition.current,
        data.aws_region.current,
        data.aws_caller_identity.current,
        aws_cloudwatch_event_rule.this,
        aws_cloudwatch_event_target.queue,
        aws_sqs_queue.this,
        aws_sqs_queue.dlq,
        aws_lambda_event_source_mapping.queue,
        aws_lambda_function.this,
        aws_lambda_layer_version.powertools,
        aws_iam_role.this,
        aws_iam_role_policy.this,
        aws_cloudwatch_log_group.this,
        aws_cloudwatch_metric_alarm.this,
        aws_cloudwatch_dashboard.this,
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
    error_message = "Something is made or read although create is false."
  }

  assert {
    condition = alltrue([
      for value in [
        output.rule_arns,
        output.rule_names,
        output.queue_url,
        output.queue_arn,
        output.queue_name,
        output.dlq_url,
        output.dlq_arn,
        output.dlq_name,
        output.function_arn,
        output.function_name,
        output.event_source_mapping_id,
        output.role_arn,
        output.role_name,
        output.log_group_name,
        output.log_group_arn,
        output.layer_arn,
        output.dlq_alarm_arn,
        output.alarm_arns,
        output.dashboard_name,
        output.retry_window_seconds,
        output.records_bucket,
        output.recorder_function_name,
        output.recorder_function_arn,
        output.recorder_role_arn,
        output.recorder_role_name,
        output.recorder_queue_url,
        output.recorder_log_group_name,
      ] : value == null
    ])
    error_message = "An output is not null although create is false."
  }
}
