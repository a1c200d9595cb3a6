# Which events are of a restore that is looked after. What a pattern cannot say the function sorts out, without a call:
# one name that is both included and excluded, and lists that would make a pattern too long.

locals {
  restore_events = {
    point_in_time = {
      source      = ["aws.dynamodb"]
      detail-type = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["dynamodb.amazonaws.com"]
        eventName   = ["RestoreTableToPointInTime"]
        errorCode   = [{ exists = false }] # a call that failed has one
      }
    }
    backup = {
      source      = ["aws.dynamodb"]
      detail-type = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["dynamodb.amazonaws.com"]
        eventName   = ["RestoreTableFromBackup"]
        errorCode   = [{ exists = false }]
      }
    }
    aws_backup = {
      source      = ["aws.backup"]
      detail-type = ["Restore Job State Change"]
      detail      = { resourceType = ["DynamoDB"], status = ["COMPLETED"] }
    }
  }

  # Where they name tables, and what stands around a name there.
  table_fields = {
    point_in_time = { targetTableName = "%s", sourceTableName = "%s", sourceTableArn = "*:table/%s" }
    backup        = { targetTableName = "%s", backupArn = "*:table/%s/backup/*" }
    aws_backup    = { createdResourceArn = "*:table/%s", sourceResourceArn = "*:table/%s" }
  }

  # What they have to be: one of them included,
  included_tables = {
    for type, fields in local.table_fields : type => {
      for field, form in fields : field => [for name in var.include_tables : { wildcard = format(form, name) }]
      if length(var.include_tables) > 0
    }
  }
  # and none of those that are there excluded.
  not_excluded_tables = {
    for type, fields in local.table_fields : type => {
      for field, form in fields : field => [
        { exists = false },
        { anything-but = { wildcard = [for name in var.exclude_tables : format(form, name)] } },
      ]
      if length(var.exclude_tables) > 0
    }
  }
  table_conditions = {
    for type, excluded in local.not_excluded_tables : type => merge(
      { for field, condition in excluded : field => condition if length(var.include_tables) == 0 },
      {
        for operator in ["$or"] : operator => [
          for field, condition in local.included_tables[type] : merge(excluded, { (field) = condition })
        ]
        if length(var.include_tables) > 0
      },
    )
  }
  call_conditions = {
    for type in ["point_in_time", "backup"] : type => {
      for parent in ["requestParameters"] : parent => local.table_conditions[type]
      if length(local.table_conditions[type]) > 0
    }
  }
  detail_conditions = merge(local.call_conditions, { aws_backup = local.table_conditions.aws_backup })

  # EventBridge takes patterns of up to 2048 characters (its user guide, Quotas): the second choice has no names.
  event_patterns = {
    for type, event in local.restore_events : type => [
      for condition in [local.detail_conditions[type], {}] :
      jsonencode(merge(event, { detail = merge(event.detail, condition) }))
      if length(jsonencode(merge(event, { detail = merge(event.detail, condition) }))) <= 2048
    ][0]
    if contains(var.restore_types, type)
  }
}
