# One entry for each setting, by its toggle: whether it is on, and what the function's role may do if it is. The
# function's environment (main.tf), its role's policy (iam.tf) and that of the recorder's role (records.tf), which reads
# every setting, are derived from this map. A setting's Python module lists the actions of its statements (READ_ACTIONS
# and WRITE_ACTIONS).

locals {
  # A table may have been restored from another Region, but always into this one.
  source_tables = "${local.any_region_arn_prefix.dynamodb}:table/*"
  target_tables = "${local.arn_prefix.dynamodb}:table/*"
  linked_roles  = "arn:${local.partition}:iam::${local.account}:role/aws-service-role"

  settings = {
    enable_tag_settings = {
      on = var.enable_tag_settings
      read = [
        {
          Sid      = "ReadTags"
          Effect   = "Allow"
          Action   = ["dynamodb:ListTagsOfResource"]
          Resource = local.source_tables
        },
      ]
      write = [
        {
          Sid      = "WriteTags"
          Effect   = "Allow"
          Action   = ["dynamodb:TagResource"]
          Resource = local.target_tables
        },
      ]
    }
    enable_kinesis_settings = {
      on = var.enable_kinesis_settings
      read = [
        {
          Sid      = "ReadKinesisDestinations"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeKinesisStreamingDestination"]
          Resource = local.source_tables
        },
        # DynamoDB checks them on the caller (its developer guide, Using IAM for Kinesis Data Streams and DynamoDB), the
        # first two when it describes the destinations of a table, be it the source in another Region.
        {
          Sid      = "DescribeKinesisStreams"
          Effect   = "Allow"
          Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"]
          Resource = "${local.any_region_arn_prefix.kinesis}:stream/*"
        },
      ]
      write = [
        {
          Sid      = "WriteKinesisDestinations"
          Effect   = "Allow"
          Action   = ["dynamodb:EnableKinesisStreamingDestination", "dynamodb:UpdateKinesisStreamingDestination"]
          Resource = local.target_tables
        },
        {
          Sid      = "WriteKinesisStreams"
          Effect   = "Allow"
          Action   = ["kinesis:PutRecords"]
          Resource = "${local.arn_prefix.kinesis}:stream/*"
        },
        {
          Sid      = "ListKinesisStreams"
          Effect   = "Allow"
          Action   = ["kinesis:ListStreams"]
          Resource = "*"
        },
        {
          Sid       = "LinkKinesisRole"
          Effect    = "Allow"
          Action    = ["iam:CreateServiceLinkedRole"]
          Resource  = "${local.linked_roles}/kinesisreplication.dynamodb.amazonaws.com/*"
          Condition = { StringEquals = { "iam:AWSServiceName" = "kinesisreplication.dynamodb.amazonaws.com" } }
        },
      ]
    }
    enable_dynamodb_stream_settings = {
      on   = var.enable_dynamodb_stream_settings
      read = []
      write = [
        {
          Sid      = "EnableStreams"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    }
    enable_dynamodb_lambda_trigger = {
      on = var.enable_dynamodb_lambda_trigger
      read = [
        {
          Sid      = "ListTriggers"
          Effect   = "Allow"
          Action   = ["lambda:ListEventSourceMappings"]
          Resource = "*"
        },
      ]
      write = concat([
        # The action has no resource type (Service Authorization Reference): the condition is what limits it.
        {
          Sid       = "CreateTriggers"
          Effect    = "Allow"
          Action    = ["lambda:CreateEventSourceMapping"]
          Resource  = "*"
          Condition = { ArnLike = { "lambda:FunctionArn" = "${local.arn_prefix.lambda}:function:*" } }
        },
        # Filters that a key encrypts. Not for the recorder: a record may not show them.
        {
          Sid      = "ReadTriggers"
          Effect   = "Allow"
          Action   = ["lambda:GetEventSourceMapping"]
          Resource = "${local.arn_prefix.lambda}:event-source-mapping:*"
        },
        ], [
        for key_arns in [var.event_source_mapping_kms_key_arns] : {
          Sid      = "ReadTriggerFilters"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = key_arns
        } if length(key_arns) > 0
      ])
    }
    enable_ttl_settings = {
      on = var.enable_ttl_settings
      read = [
        {
          Sid      = "ReadTTL"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeTimeToLive"]
          Resource = local.source_tables
        },
      ]
      write = [
        {
          Sid      = "WriteTTL"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTimeToLive"]
          Resource = local.target_tables
        },
      ]
    }
    enable_pitr_settings = {
      on = var.enable_pitr_settings
      read = [
        {
          Sid      = "ReadPITR"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeContinuousBackups"]
          Resource = local.source_tables
        },
      ]
      write = [
        {
          Sid      = "WritePITR"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateContinuousBackups"]
          Resource = local.target_tables
        },
      ]
    }
    enable_auto_scaling_settings = {
      on = var.enable_auto_scaling_settings
      read = [
        {
          Sid    = "ReadAutoScaling"
          Effect = "Allow"
          Action = [
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
          ]
          Resource = "*"
        },
      ]
      write = [
        {
          Sid    = "WriteAutoScaling"
          Effect = "Allow"
          Action = [
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:RegisterScalableTarget",
          ]
          Resource  = "${local.arn_prefix.application-autoscaling}:scalable-target/*"
          Condition = { StringEquals = { "application-autoscaling:service-namespace" = "dynamodb" } }
        },
        # Application Auto Scaling checks them on the caller (its user guide, Permissions validation).
        {
          Sid      = "ScaleTables"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
        {
          Sid      = "ScaleOnAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
          Resource = "${local.arn_prefix.cloudwatch}:alarm:*"
        },
        {
          Sid       = "LinkAutoScalingRole"
          Effect    = "Allow"
          Action    = ["iam:CreateServiceLinkedRole"]
          Resource  = "${local.linked_roles}/dynamodb.application-autoscaling.amazonaws.com/*"
          Condition = { StringEquals = { "iam:AWSServiceName" = "dynamodb.application-autoscaling.amazonaws.com" } }
        },
      ]
    }
    enable_deletion_protection_settings = {
      on   = var.enable_deletion_protection_settings
      read = []
      write = [
        {
          Sid      = "ProtectTables"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    }
    enable_table_class_settings = {
      on   = var.enable_table_class_settings
      read = []
      write = [
        {
          Sid      = "ChangeTableClasses"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    }
    enable_on_demand_throughput_settings = {
      on   = var.enable_on_demand_throughput_settings
      read = []
      write = [
        {
          Sid      = "LimitThroughput"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    }
    enable_contributor_insights_settings = {
      on = var.enable_contributor_insights_settings
      read = [
        # It may name no table (API reference), and the guide asks for the permission on none.
        {
          Sid      = "ListContributorInsights"
          Effect   = "Allow"
          Action   = ["dynamodb:ListContributorInsights"]
          Resource = "*"
        },
      ]
      write = [
        # Of a table and its indexes.
        {
          Sid      = "WriteContributorInsights"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateContributorInsights"]
          Resource = local.target_tables
        },
        {
          Sid       = "LinkContributorInsightsRole"
          Effect    = "Allow"
          Action    = ["iam:CreateServiceLinkedRole"]
          Resource  = "${local.linked_roles}/contributorinsights.dynamodb.amazonaws.com/*"
          Condition = { StringEquals = { "iam:AWSServiceName" = "contributorinsights.dynamodb.amazonaws.com" } }
        },
      ]
    }
    enable_resource_policy_settings = {
      on = var.enable_resource_policy_settings
      read = [
        # Of a table and its stream.
        {
          Sid      = "ReadResourcePolicies"
          Effect   = "Allow"
          Action   = ["dynamodb:GetResourcePolicy"]
          Resource = local.source_tables
        },
      ]
      write = [
        {
          Sid      = "WriteResourcePolicies"
          Effect   = "Allow"
          Action   = ["dynamodb:PutResourcePolicy"]
          Resource = local.target_tables
        },
      ]
    }
    enable_alarm_settings = {
      on = var.enable_alarm_settings
      read = [
        # Which alarms are on a table only their descriptions tell, those of all metric alarms. Only composite alarms need
        # the permission on everything (CloudWatch API reference, DescribeAlarms).
        {
          Sid      = "ReadAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:DescribeAlarms"]
          Resource = "${local.any_region_arn_prefix.cloudwatch}:alarm:*"
        },
      ]
      write = [
        {
          Sid      = "WriteAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:PutMetricAlarm"]
          Resource = "${local.arn_prefix.cloudwatch}:alarm:*"
        },
      ]
    }
    enable_scalable_target_tag_settings = {
      on         = var.enable_scalable_target_tag_settings
      need_is_on = var.enable_auto_scaling_settings
      read = [
        {
          Sid      = "ReadScalableTargetTags"
          Effect   = "Allow"
          Action   = ["application-autoscaling:ListTagsForResource"]
          Resource = "${local.any_region_arn_prefix.application-autoscaling}:scalable-target/*"
        },
      ]
      write = [
        {
          Sid      = "WriteScalableTargetTags"
          Effect   = "Allow"
          Action   = ["application-autoscaling:TagResource"]
          Resource = "${local.arn_prefix.application-autoscaling}:scalable-target/*"
        },
      ]
    }
    enable_event_source_mapping_tag_settings = {
      on         = var.enable_event_source_mapping_tag_settings
      need_is_on = var.enable_dynamodb_lambda_trigger
      read = [
        {
          Sid      = "ReadTriggerTags"
          Effect   = "Allow"
          Action   = ["lambda:ListTags"]
          Resource = "${local.any_region_arn_prefix.lambda}:event-source-mapping:*"
        },
      ]
      write = [
        {
          Sid      = "TagTriggers"
          Effect   = "Allow"
          Action   = ["lambda:TagResource"]
          Resource = "${local.arn_prefix.lambda}:event-source-mapping:*"
        },
      ]
    }
  }
  # Tags of what the function does not make grant nothing.
  setting_statements = flatten([
    for setting in local.settings : concat(setting.read, setting.write)
    if setting.on && try(setting.need_is_on, true)
  ])
  setting_read_statements = flatten([for setting in local.settings : setting.read])
}
