# What a plan refuses, and the limits up to which it does not.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "below_the_limits" {
  command = plan

  variables {
    name                           = ""
    restore_types                  = []
    include_tables                 = [""]
    exclude_tables                 = [""]
    initial_delay_seconds          = -1
    backoff_base_seconds           = 0
    backoff_rate                   = 0.99
    backoff_max_delay_seconds      = 0
    max_attempts                   = 0
    message_retention_seconds      = 59
    memory_size                    = 127
    timeout                        = 59
    maximum_concurrency            = 1
    reserved_concurrent_executions = -2
    log_retention_in_days          = -1
    vpc_config                     = { subnet_ids = [], security_group_ids = ["sg-1"] }
  }

  expect_failures = [
    var.name,
    var.restore_types,
    var.include_tables,
    var.exclude_tables,
    var.initial_delay_seconds,
    var.backoff_base_seconds,
    var.backoff_rate,
    var.backoff_max_delay_seconds,
    var.max_attempts,
    var.message_retention_seconds,
    var.memory_size,
    var.timeout,
    var.maximum_concurrency,
    var.reserved_concurrent_executions,
    var.log_retention_in_days,
    var.vpc_config,
  ]
}

run "at_the_lowest_limits" {
  command = plan

  variables {
    name                           = "0"
    restore_types                  = ["aws_backup"]
    include_tables                 = ["*"]
    exclude_tables                 = ["x"]
    initial_delay_seconds          = 0
    backoff_base_seconds           = 1
    backoff_rate                   = 1
    backoff_max_delay_seconds      = 1
    max_attempts                   = 1
    message_retention_seconds      = 60
    memory_size                    = 128
    timeout                        = 60
    maximum_concurrency            = 2
    reserved_concurrent_executions = 0
    log_retention_in_days          = 0
  }

  assert {
    condition     = output.retry_window_seconds == 0
    error_message = "One attempt at once, with no delay after it, is not a window of nothing."
  }
}

run "above_the_limits" {
  command = plan

  variables {
    name                      = "n234567890123456789012345678901234567890123456789"
    initial_delay_seconds     = 901
    backoff_base_seconds      = 36901
    backoff_rate              = 10.1
    backoff_max_delay_seconds = 36901
    max_attempts              = 1001
    message_retention_seconds = 1209601
    memory_size               = 10241
    timeout                   = 901
    maximum_concurrency       = 1001
    log_retention_in_days     = 4000
    alarm_actions             = [for topic in range(6) : "arn:aws-test:sns:xx-test-1:111122223333:topic-${topic}"]
    vpc_config                = { subnet_ids = ["subnet-1"], security_group_ids = [] }
  }

  expect_failures = [
    var.name,
    var.initial_delay_seconds,
    var.backoff_base_seconds,
    var.backoff_rate,
    var.backoff_max_delay_seconds,
    var.max_attempts,
    var.message_retention_seconds,
    var.memory_size,
    var.timeout,
    var.maximum_concurrency,
    var.log_retention_in_days,
    var.alarm_actions,
    var.vpc_config,
  ]
}

run "at_the_highest_limits" {
  command = plan

  # So few attempts that SQS keeps the message long enough.
  variables {
    initial_delay_seconds     = 900
    backoff_base_seconds      = 36900
    backoff_rate              = 10
    backoff_max_delay_seconds = 36900
    max_attempts              = 2
    message_retention_seconds = 1209600
    memory_size               = 10240
    timeout                   = 900
    maximum_concurrency       = 1000
    log_retention_in_days     = 3653
    alarm_actions             = [for topic in range(5) : "arn:aws-test:sns:xx-test-1:111122223333:topic-${topic}"]
  }

  assert {
    condition     = output.retry_window_seconds == 37800
    error_message = "The longest first delay and the longest one between two attempts are not the window."
  }
}

run "neither_whole_nor_known" {
  command = plan

  variables {
    name                              = "dotted.name"
    restore_types                     = ["point_in_time", "pitr"]
    include_tables                    = ["orders", "prod-**"]
    exclude_tables                    = ["orders?"]
    event_bus_arn                     = "restores"
    initial_delay_seconds             = 1.5
    backoff_base_seconds              = 1.5
    backoff_max_delay_seconds         = 1.5
    max_attempts                      = 1.5
    message_retention_seconds         = 60.5
    runtime                           = "python3.10"
    architecture                      = "arm"
    memory_size                       = 128.5
    timeout                           = 60.5
    maximum_concurrency               = 2.5
    reserved_concurrent_executions    = 0.5
    log_level                         = "info"
    tracing_mode                      = "active"
    log_retention_in_days             = 31
    permissions_boundary              = "boundary"
    powertools_layer_arn              = "arn:aws:lambda:eu-west-1:111122223333:layer:powertools"
    kms_key_arn                       = "alias/restores"
    event_source_mapping_kms_key_arns = ["arn:aws:kms:eu-west-1:111122223333:alias/filters"]
    previous_kms_key_arns             = ["0ec5"]
    alarm_actions                     = ["alarms"]
  }

  expect_failures = [
    var.name,
    var.restore_types,
    var.include_tables,
    var.exclude_tables,
    var.event_bus_arn,
    var.initial_delay_seconds,
    var.backoff_base_seconds,
    var.backoff_max_delay_seconds,
    var.max_attempts,
    var.message_retention_seconds,
    var.runtime,
    var.architecture,
    var.memory_size,
    var.timeout,
    var.maximum_concurrency,
    var.reserved_concurrent_executions,
    var.log_level,
    var.tracing_mode,
    var.log_retention_in_days,
    var.permissions_boundary,
    var.powertools_layer_arn,
    var.kms_key_arn,
    var.event_source_mapping_kms_key_arns,
    var.previous_kms_key_arns,
    var.alarm_actions,
  ]
}

run "arns_of_something_else_of_the_service" {
  command = plan

  variables {
    event_bus_arn = "arn:aws-test:events:xx-test-1:111122223333:rule/restores"
    kms_key_arn   = "arn:aws-test:kms:xx-test-1:111122223333:alias/restores"
    previous_kms_key_arns = [
      "arn:aws-test:kms:xx-test-1:111122223333:key/1234", "arn:aws-test:kms:xx-test-1:111122223333:alias/restores"
    ]
    permissions_boundary = "arn:aws-test:iam::111122223333:role/boundary"
    powertools_layer_arn = "arn:aws-test:lambda:xx-test-1:111122223333:function:powertools:3"
  }

  expect_failures = [
    var.event_bus_arn,
    var.kms_key_arn,
    var.previous_kms_key_arns,
    var.permissions_boundary,
    var.powertools_layer_arn,
  ]
}

run "arns_of_other_services" {
  command = plan

  variables {
    event_bus_arn                     = "arn:aws-test:sns:xx-test-1:111122223333:event-bus/restores"
    kms_key_arn                       = "arn:aws-test:sns:xx-test-1:111122223333:key/1234"
    event_source_mapping_kms_key_arns = ["arn:aws-test:sns:xx-test-1:111122223333:key/1234"]
    previous_kms_key_arns             = ["arn:aws-test:sns:xx-test-1:111122223333:key/1234"]
  }

  expect_failures = [
    var.event_bus_arn,
    var.kms_key_arn,
    var.event_source_mapping_kms_key_arns,
    var.previous_kms_key_arns,
  ]
}

run "nothing_where_something_is_needed" {
  command = plan

  variables {
    include_tables = ["orders", null]
    exclude_tables = [null]
    vpc_config     = { subnet_ids = null, security_group_ids = ["sg-1"] }
    package_s3     = { bucket = null, function_key = "function.zip" }
  }

  expect_failures = [
    var.include_tables,
    var.exclude_tables,
    var.vpc_config,
    var.package_s3,
  ]
}

run "subnet_by_name" {
  command = plan

  variables {
    vpc_config = { subnet_ids = ["subnet-1", "private"], security_group_ids = ["sg-1"] }
  }

  expect_failures = [var.vpc_config]
}

run "security_group_by_name" {
  command = plan

  variables {
    vpc_config = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1", ""] }
  }

  expect_failures = [var.vpc_config]
}

run "package_by_address" {
  command = plan

  variables {
    package_s3 = { bucket = "s3://artifacts/lambda", function_key = "function.zip" }
  }

  expect_failures = [var.package_s3]
}

run "function_without_key" {
  command = plan

  variables {
    package_s3 = { bucket = "artifacts", function_key = "" }
  }

  expect_failures = [var.package_s3]
}

run "function_with_nothing_as_key" {
  command = plan

  variables {
    package_s3 = { bucket = "artifacts", function_key = null }
  }

  expect_failures = [var.package_s3]
}

run "layer_with_an_empty_key" {
  command = plan

  variables {
    package_s3 = { bucket = "artifacts", function_key = "function.zip", layer_key = "" }
  }

  expect_failures = [var.package_s3]
}

run "layer_version_without_a_key" {
  command = plan

  variables {
    package_s3 = { bucket = "artifacts", function_key = "function.zip", layer_object_version = "v2" }
  }

  expect_failures = [var.package_s3]
}

run "name_begins_with_a_hyphen" {
  command = plan

  variables {
    name = "-restores"
  }

  expect_failures = [var.name]
}

run "trigger_without_stream" {
  command = plan

  variables {
    enable_dynamodb_stream_settings = false
  }

  expect_failures = [aws_lambda_function.this]
}

run "less_reserved_concurrency_than_is_used" {
  command = plan

  variables {
    maximum_concurrency            = 5
    reserved_concurrent_executions = 4
  }

  expect_failures = [aws_lambda_function.this]
}

run "as_much_reserved_concurrency_as_is_used" {
  command = plan

  variables {
    maximum_concurrency            = 5
    reserved_concurrent_executions = 5
  }

  assert {
    condition     = aws_lambda_function.this[0].reserved_concurrent_executions == 5
    error_message = "The concurrency is not reserved."
  }
}

run "about_as_many_tables_as_the_environment_holds" {
  command = plan

  variables {
    include_tables = [for n in range(700) : "xx"]
    exclude_tables = [join("", [for n in range(750) : "x"])]
  }

  assert {
    condition     = local.environment_size > 3900 && local.environment_size <= 4096
    error_message = "The environment takes ${local.environment_size} bytes, which is not just below the limit."
  }
}

run "more_tables_than_the_environment_holds" {
  command = plan

  variables {
    include_tables = [for n in range(700) : "xx"]
    exclude_tables = [join("", [for n in range(1000) : "x"])]
  }

  expect_failures = [aws_lambda_function.this]
}

run "two_layers" {
  command = plan

  variables {
    package_s3           = { bucket = "artifacts", function_key = "function.zip", layer_key = "layer.zip" }
    powertools_layer_arn = "arn:aws-test:lambda:xx-test-1:111122223333:layer:powertools:3"
  }

  expect_failures = [aws_lambda_function.this]
}

run "event_bus_in_another_region" {
  command = plan

  variables {
    event_bus_arn = "arn:aws-test:events:xx-test-2:111122223333:event-bus/restores"
  }

  expect_failures = [aws_lambda_function.this]
}

run "layer_in_another_region" {
  command = plan

  variables {
    powertools_layer_arn = "arn:aws-test:lambda:xx-test-2:111122223333:layer:powertools:3"
  }

  expect_failures = [aws_lambda_function.this]
}

run "key_in_another_region" {
  command = plan

  variables {
    kms_key_arn = "arn:aws-test:kms:xx-test-2:111122223333:key/1234"
  }

  expect_failures = [aws_cloudwatch_log_group.this]
}

run "topic_in_another_region" {
  command = plan

  variables {
    alarm_actions = [
      "arn:aws-test:sns:xx-test-1:111122223333:alarms", "arn:aws-test:sns:xx-test-2:111122223333:alarms"
    ]
  }

  expect_failures = [output.alarm_arns]
}

run "alarm_action_without_a_region" {
  command = plan

  variables {
    alarm_actions = ["arn:aws-test:ssm-incidents::111122223333:response-plan/restores"]
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["errors"].alarm_actions == toset(var.alarm_actions)
    error_message = "The alarm does not start the response plan."
  }
}

run "first_delay_longer_than_the_longest" {
  command = plan

  variables {
    backoff_base_seconds      = 111
    backoff_max_delay_seconds = 110
  }

  expect_failures = [aws_sqs_queue.this]
}

# 5 + 12 + 23 + 46 + 60 + 60 for the longest delays, that of the last attempt included, and 5 x 34 for the attempts.

run "window_as_long_as_the_retention" {
  command = plan

  variables {
    initial_delay_seconds     = 5
    backoff_base_seconds      = 10
    backoff_rate              = 2
    backoff_max_delay_seconds = 60
    max_attempts              = 5
    message_retention_seconds = 376
  }

  expect_failures = [aws_sqs_queue.this]
}

run "window_shorter_than_the_retention" {
  command = plan

  variables {
    initial_delay_seconds     = 5
    backoff_base_seconds      = 10
    backoff_rate              = 2
    backoff_max_delay_seconds = 60
    max_attempts              = 5
    message_retention_seconds = 377
  }

  assert {
    # 5 + 10 + 17 + 34 + 51: no delay is below the first, and none comes after the last attempt.
    condition     = output.retry_window_seconds == 117
    error_message = "The window is not the sum of the shortest delays between the attempts."
  }
}

run "window_of_one_attempt" {
  command = plan

  variables {
    initial_delay_seconds     = 60
    backoff_base_seconds      = 36900
    backoff_max_delay_seconds = 36900
    max_attempts              = 1
  }

  assert {
    condition     = output.retry_window_seconds == 60
    error_message = "The only attempt is not the last."
  }
}

# Its highest powers are more than Terraform's numbers can hold.

run "window_of_the_steepest_backoff" {
  command = plan

  variables {
    initial_delay_seconds     = 0
    backoff_base_seconds      = 2
    backoff_rate              = 10
    backoff_max_delay_seconds = 1000
    message_retention_seconds = 345600
  }

  assert {
    # 2 + 17 + 170 + 996 x 850.
    condition     = output.retry_window_seconds == 846789
    error_message = "The window is not the sum of the shortest delays between the attempts."
  }

  expect_failures = [aws_sqs_queue.this]
}

run "window_of_a_backoff_that_hardly_grows" {
  command = plan

  variables {
    initial_delay_seconds = 0
    backoff_base_seconds  = 100
    backoff_rate          = 1.0000001
  }

  assert {
    condition     = output.retry_window_seconds == 99900
    error_message = "The window is not the sum of the shortest delays between the attempts."
  }
}

run "window_of_a_backoff_that_does_not_grow" {
  command = plan

  variables {
    initial_delay_seconds = 0
    backoff_rate          = 1
  }

  assert {
    condition     = output.retry_window_seconds == 14985
    error_message = "The window is not the sum of the shortest delays between the attempts."
  }
}
