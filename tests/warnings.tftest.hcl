# What a plan warns about: inputs that do nothing or contradict each other.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "excludes_what_it_includes" {
  command = plan

  variables {
    include_tables = ["orders", "prod-*"]
    exclude_tables = ["prod-*", "orders"]
  }

  expect_failures = [check.some_tables_are_processed]
}

run "excludes_more_than_it_includes" {
  command = plan

  variables {
    include_tables = ["prod-orders-*", "prod-customers", "dev.x"]
    exclude_tables = ["prod-*", "*.x"]
  }

  expect_failures = [check.some_tables_are_processed]
}

run "excludes_all_tables" {
  command = plan

  variables {
    exclude_tables = ["*"]
  }

  expect_failures = [check.some_tables_are_processed]
}

run "excludes_some_of_what_it_includes" {
  command = plan

  variables {
    include_tables = ["prod-*", "orders"]
    exclude_tables = ["orders*"]
  }

  expect_failures = [check.no_included_table_is_excluded]
}

# The dot of a pattern is a dot, and a pattern that matches more is not covered by one that matches less.

run "excludes_a_part_of_what_it_includes" {
  command = plan

  variables {
    include_tables = ["prod-*", "dev-x", "orders"]
    exclude_tables = ["prod-orders-*", "dev.x", "prod-", "order", "*-restore-test-*"]
  }
}

run "includes_a_regular_expression" {
  command = plan

  variables {
    include_tables = ["prod-.*"]
  }

  expect_failures = [check.table_patterns_are_not_regular_expressions]
}

run "excludes_a_regular_expression" {
  command = plan

  variables {
    exclude_tables = [".*-test"]
  }

  expect_failures = [check.table_patterns_are_not_regular_expressions]
}

run "names_with_dots" {
  command = plan

  variables {
    include_tables = ["prod.orders", "*.orders", "a.b*"]
  }
}

run "bus_without_outcome_events" {
  command = plan

  variables {
    enable_outcome_events = false
    event_bus_arn         = "arn:aws-test:events:xx-test-1:111122223333:event-bus/restores"
  }

  expect_failures = [check.event_bus_gets_outcome_events]
}

run "no_outcome_events_on_the_default_bus" {
  command = plan

  variables {
    enable_outcome_events = false
  }
}

# Inputs for what is off are for the day when it is on, and a function without concurrency is stopped on purpose.

run "inputs_that_wait" {
  command = plan

  variables {
    enable_dynamodb_lambda_trigger    = false
    create_triggers_disabled          = true
    event_source_mapping_kms_key_arns = ["arn:aws-test:kms:xx-test-1:111122223333:key/1234"]
    reserved_concurrent_executions    = 0
  }
}

run "bucket_of_records_without_records" {
  command = plan

  variables {
    records_bucket = "records"
  }

  expect_failures = [check.records_bucket_gets_records]
}

run "nothing_to_warn_about" {
  command = plan

  variables {
    create                         = false
    include_tables                 = ["orders", "prod-.*"]
    exclude_tables                 = ["orders", "prod-.*"]
    enable_outcome_events          = false
    event_bus_arn                  = "arn:aws-test:events:xx-test-1:111122223333:event-bus/restores"
    records_bucket                 = "records"
    enable_dynamodb_lambda_trigger = false
    create_triggers_disabled       = true
    reserved_concurrent_executions = 0
    kms_key_arn                    = "arn:aws-test:kms:xx-test-2:111122223333:key/1234"
    alarm_actions                  = ["arn:aws-test:sns:xx-test-2:111122223333:alarms"]
  }
}
