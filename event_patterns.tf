# Which events are of a restore that is looked after. What a pattern cannot say the function sorts out, without a call:
# one name that is both included and excluded, and lists that would make a pattern too long or too complex.

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
      detail = {
        # The second is of backups with AWS Backup's advanced features for DynamoDB.
        resourceType = ["DynamoDB", "DynamoDB.FullyManaged"]
        status       = ["COMPLETED"]
      }
    }
  }

  # Where they name which table, and what stands before and after the name there. Only what is restored, and its backup,
  # are sure to be of the function's Region.
  table_fields = {
    point_in_time = {
      targetTableName = { table = "target", before = "", after = "" }
      sourceTableName = { table = "source", before = "", after = "" }
      sourceTableArn  = { table = "source", before = "*:table/", after = "" }
    }
    backup = {
      targetTableName = { table = "target", before = "", after = "" }
      backupArn       = { table = "source", before = "${local.arn_prefix.dynamodb}:table/", after = "/backup/*" }
    }
    aws_backup = {
      createdResourceArn = { table = "target", before = "${local.arn_prefix.dynamodb}:table/", after = "" }
      sourceResourceArn  = { table = "source", before = "*:table/", after = "" }
    }
  }

  # What a field is for each name, with as few wildcards as say the same: what ends in `-test` does so as a name and as
  # an ARN, and of the ARN of a backup of `prod-*` only the beginning matters.
  texts = {
    for type, fields in local.table_fields : type => {
      for field, form in fields : field => {
        for name in distinct(concat(var.include_tables, var.exclude_tables)) : name => (
          form.after == "" && can(regex("^\\*[^*]+$", name)) ?
          name : replace("${form.before}${name}${form.after}", "*/backup/*", "*")
        )
      }
    }
  }
  operators = {
    for text in distinct(flatten([for fields in local.texts : [for texts in fields : values(texts)]])) : text => (
      can(regex("^[^*]*$", text)) ? "equals" :
      can(regex("^[^*]+\\*$", text)) ? "prefix" :
      can(regex("^\\*[^*]+$", text)) ? "suffix" : "wildcard"
    )
  }

  # What they have to be: one of them included,
  included_tables = {
    for type, fields in local.texts : type => {
      for field, texts in fields : field => [
        for text in [for name in var.include_tables : texts[name]] : {
          equals   = text
          prefix   = { prefix = trimsuffix(text, "*") }
          suffix   = { suffix = trimprefix(text, "*") }
          wildcard = { wildcard = text }
        }[local.operators[text]]
      ]
      if length(var.include_tables) > 0
    }
  }
  # and none of those that are there excluded. All by one operator, since `anything-but` takes no more.
  not_excluded_tables = {
    for type, fields in local.texts : type => {
      for field, texts in fields : field => [
        { exists = false },
        {
          anything-but = {
            equals   = [for name in var.exclude_tables : texts[name]]
            prefix   = { prefix = [for name in var.exclude_tables : trimsuffix(texts[name], "*")] }
            suffix   = { suffix = [for name in var.exclude_tables : trimprefix(texts[name], "*")] }
            wildcard = { wildcard = [for name in var.exclude_tables : texts[name]] }
          }[try(one(distinct([for name in var.exclude_tables : local.operators[texts[name]]])), "wildcard")]
        },
      ]
      if length(var.exclude_tables) > 0
    }
  }
  table_conditions = {
    for type, excluded in local.not_excluded_tables : type => merge(
      { for field, condition in excluded : field => condition if length(var.include_tables) == 0 },
      {
        for operator in ["$or"] : operator => [
          for field, included in local.included_tables[type] : merge(
            {
              for other, condition in excluded : other => condition
              if local.table_fields[type][other].table != local.table_fields[type][field].table
            },
            { (field) = included },
          )
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

  # At how many places of wildcards a value may be at once: past each asterisk, and on the way to the next (at more, if
  # what follows repeats its own beginning). Of the field with most; no operator but `wildcard` has asterisks left.
  complexities = {
    for type, fields in local.table_fields : type => max([
      for field in keys(fields) : sum(concat([0], [
        for wildcard in regexall("\"([^\"]*\\*[^\"]*)\"", jsonencode([
          lookup(local.included_tables[type], field, null), lookup(local.not_excluded_tables[type], field, null)
        ])) : length(split("*", wildcard[0]))
      ]))
    ]...)
  }

  event_patterns_with_names = {
    for type, event in local.restore_events : type => jsonencode(
      merge(event, { detail = merge(event.detail, local.detail_conditions[type]) })
    )
  }

  # EventBridge takes patterns of up to 2048 characters (its user guide, Quotas) and of a complexity of ten (that of a
  # pattern which it has refused was 12, and of one which it took, 9: github.com/vals-ai/Valkyrie/pull/278).
  event_patterns = {
    for type, event in local.restore_events : type => (
      length(local.event_patterns_with_names[type]) <= 2048 && local.complexities[type] <= 9 ?
      local.event_patterns_with_names[type] : jsonencode(event)
    )
    if contains(var.restore_types, type)
  }
}
