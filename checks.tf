# Warnings about inputs that do nothing or contradict each other. They stop no plan. What AWS would refuse is a
# precondition where it belongs, because Terraform reports a check whose values are not known yet as a warning too.

locals {
  # An exclude pattern covers an include pattern if it matches its text: an asterisk can only be matched by another.
  covered_tables = [
    for name in length(var.include_tables) == 0 ? ["*"] : var.include_tables : name
    if anytrue([
      for pattern in var.exclude_tables :
      can(regex("^${replace(replace(pattern, ".", "\\."), "*", ".*")}$", name))
    ])
  ]
  regular_expressions = [
    for name in concat(var.include_tables, var.exclude_tables) : name if strcontains(name, ".*")
  ]
}

check "some_tables_are_processed" {
  assert {
    condition     = !var.create || length(local.covered_tables) < max(1, length(var.include_tables))
    error_message = "No restore is processed, because exclude_tables (${join(", ", var.exclude_tables)}) excludes every table that include_tables (${length(var.include_tables) == 0 ? "all tables" : join(", ", var.include_tables)}) includes: remove names from exclude_tables."
  }
}

check "no_included_table_is_excluded" {
  assert {
    condition = (
      !var.create || length(local.covered_tables) == 0 || length(local.covered_tables) >= length(var.include_tables)
    )
    error_message = "The include_tables ${join(", ", local.covered_tables)} have no effect, because exclude_tables excludes them too, and exclude_tables wins: remove them from one of the lists."
  }
}

check "table_patterns_are_not_regular_expressions" {
  assert {
    condition     = !var.create || length(local.regular_expressions) == 0
    error_message = "In include_tables and exclude_tables a dot is only a dot, and * already stands for any characters: ${join(", ", local.regular_expressions)} matches only names with a dot there. Use ${join(", ", [for name in local.regular_expressions : replace(name, ".*", "*")])}, unless the names of your tables have that dot."
  }
}

check "some_settings_are_copied" {
  assert {
    condition     = !var.create || length(local.setting_statements) > 0
    error_message = "Nothing is copied to restored tables, because every setting is off: turn on at least one of ${join(", ", keys(local.settings))}."
  }
}

check "event_bus_gets_outcome_events" {
  assert {
    condition     = !var.create || var.enable_outcome_events ? true : var.event_bus_arn == null
    error_message = "The event_bus_arn has no effect, because enable_outcome_events is false: turn outcome events on, or leave event_bus_arn out."
  }
}

check "records_bucket_gets_records" {
  assert {
    condition     = !var.create || var.enable_records ? true : var.records_bucket == null
    error_message = "The records_bucket has no effect, because enable_records is false: turn records on, or leave records_bucket out."
  }
}
