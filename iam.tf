################################################################################
# Who may send to the queues
################################################################################

locals {
  # No one is denied besides: an operator who redrives the dead-letter queue sends with permissions of their own.
  queue_policies = {
    for key, arn in { queue = local.queue_arn, dlq = local.dlq_arn } : key => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "OnlyTheRulesSend"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = arn
          Condition = {
            ArnEquals    = { "aws:SourceArn" = local.rule_arns }
            StringEquals = { "aws:SourceAccount" = local.account }
          }
        },
        {
          Sid       = "OnlyOverTLS"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = arn
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    })
  }
}

################################################################################
# What the function may do
################################################################################

resource "aws_iam_role" "this" {
  count = var.create ? 1 : 0

  # Roles are global: the Region lets one name serve in several.
  name                 = "${var.name}-${local.region}"
  description          = "What the function ${var.name} in ${local.region} may do"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = var.create ? 1 : 0

  name = "table-sync"
  role = aws_iam_role.this[0].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = flatten([for grant in local.grants : grant.statements if grant.when])
  })
}

locals {
  source_tables = "${local.any_region_arn_prefix.dynamodb}:table/*"
  target_tables = "${local.arn_prefix.dynamodb}:table/*"
  linked_roles  = "arn:${local.partition}:iam::${local.account}:role/aws-service-role"

  network_interface_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]

  grants = [
    {
      when = true
      statements = [
        {
          Sid      = "DescribeTables"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeTable"]
          Resource = local.source_tables
        },
        {
          Sid    = "TakeMessages"
          Effect = "Allow"
          Action = [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
          ]
          Resource = local.queue_arn
        },
        {
          Sid      = "GiveUpMessages"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage"]
          Resource = local.dlq_arn
        },
        {
          Sid      = "WriteLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${local.log_group_arn}:*"
        },
      ]
    },
    {
      when = var.enable_tag_settings
      statements = [
        {
          Sid      = "ReadTags"
          Effect   = "Allow"
          Action   = ["dynamodb:ListTagsOfResource"]
          Resource = local.source_tables
        },
        {
          Sid      = "WriteTags"
          Effect   = "Allow"
          Action   = ["dynamodb:TagResource"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_kinesis_settings
      statements = [
        {
          Sid      = "ReadKinesisDestinations"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeKinesisStreamingDestination"]
          Resource = local.source_tables
        },
        {
          Sid      = "WriteKinesisDestinations"
          Effect   = "Allow"
          Action   = ["dynamodb:EnableKinesisStreamingDestination", "dynamodb:UpdateKinesisStreamingDestination"]
          Resource = local.target_tables
        },
        # DynamoDB checks them on the caller (its developer guide, Using IAM for Kinesis Data Streams and DynamoDB), the
        # first two when it describes the destinations of a table, be it the source in another Region.
        {
          Sid      = "DescribeKinesisStreams"
          Effect   = "Allow"
          Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"]
          Resource = "${local.any_region_arn_prefix.kinesis}:stream/*"
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
    },
    {
      when = var.enable_dynamodb_stream_settings
      statements = [
        {
          Sid      = "EnableStreams"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_dynamodb_lambda_trigger
      statements = [
        {
          Sid      = "ListTriggers"
          Effect   = "Allow"
          Action   = ["lambda:ListEventSourceMappings"]
          Resource = "*"
        },
        {
          Sid      = "ReadTriggers"
          Effect   = "Allow"
          Action   = ["lambda:GetEventSourceMapping"]
          Resource = "${local.any_region_arn_prefix.lambda}:event-source-mapping:*"
        },
        # The action has no resource type (Service Authorization Reference): the condition is what limits it.
        {
          Sid       = "CreateTriggers"
          Effect    = "Allow"
          Action    = ["lambda:CreateEventSourceMapping"]
          Resource  = "*"
          Condition = { ArnLike = { "lambda:FunctionArn" = "${local.arn_prefix.lambda}:function:*" } }
        },
      ]
    },
    {
      when = var.enable_dynamodb_lambda_trigger && length(var.event_source_mapping_kms_key_arns) > 0
      statements = [
        {
          Sid      = "ReadTriggerFilters"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = var.event_source_mapping_kms_key_arns
        },
      ]
    },
    {
      when = var.enable_ttl_settings
      statements = [
        {
          Sid      = "ReadTTL"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeTimeToLive"]
          Resource = local.source_tables
        },
        {
          Sid      = "WriteTTL"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTimeToLive"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_pitr_settings
      statements = [
        {
          Sid      = "ReadPITR"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeContinuousBackups"]
          Resource = local.source_tables
        },
        {
          Sid      = "WritePITR"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateContinuousBackups"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_auto_scaling_settings
      statements = [
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
    },
    {
      when = var.enable_outcome_events
      statements = [
        {
          Sid       = "SendOutcomeEvents"
          Effect    = "Allow"
          Action    = ["events:PutEvents"]
          Resource  = local.event_bus_arn
          Condition = { StringEquals = { "events:source" = "dynamodb-pitr-table-sync" } }
        },
      ]
    },
    {
      when = var.enable_deletion_protection_settings
      statements = [
        {
          Sid      = "ProtectTables"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_table_class_settings
      statements = [
        {
          Sid      = "ChangeTableClasses"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_on_demand_throughput_settings
      statements = [
        {
          Sid      = "LimitThroughput"
          Effect   = "Allow"
          Action   = ["dynamodb:UpdateTable"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_contributor_insights_settings
      statements = [
        # It may name no table (API reference), and the guide asks for the permission on none.
        {
          Sid      = "ListContributorInsights"
          Effect   = "Allow"
          Action   = ["dynamodb:ListContributorInsights"]
          Resource = "*"
        },
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
    },
    {
      when = var.enable_resource_policy_settings
      statements = [
        # Of a table and its stream.
        {
          Sid      = "ReadResourcePolicies"
          Effect   = "Allow"
          Action   = ["dynamodb:GetResourcePolicy"]
          Resource = local.source_tables
        },
        {
          Sid      = "WriteResourcePolicies"
          Effect   = "Allow"
          Action   = ["dynamodb:PutResourcePolicy"]
          Resource = local.target_tables
        },
      ]
    },
    {
      when = var.enable_alarm_settings
      statements = [
        # Which alarms are on a table only their descriptions tell, those of all metric alarms. Only composite alarms need
        # the permission on everything (CloudWatch API reference, DescribeAlarms).
        {
          Sid      = "ReadAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:DescribeAlarms"]
          Resource = "${local.any_region_arn_prefix.cloudwatch}:alarm:*"
        },
        {
          Sid      = "WriteAlarms"
          Effect   = "Allow"
          Action   = ["cloudwatch:PutMetricAlarm"]
          Resource = "${local.arn_prefix.cloudwatch}:alarm:*"
        },
      ]
    },
    {
      when = var.enable_scalable_target_tag_settings && var.enable_auto_scaling_settings
      statements = [
        {
          Sid      = "ReadScalableTargetTags"
          Effect   = "Allow"
          Action   = ["application-autoscaling:ListTagsForResource"]
          Resource = "${local.any_region_arn_prefix.application-autoscaling}:scalable-target/*"
        },
        {
          Sid      = "WriteScalableTargetTags"
          Effect   = "Allow"
          Action   = ["application-autoscaling:TagResource"]
          Resource = "${local.arn_prefix.application-autoscaling}:scalable-target/*"
        },
      ]
    },
    {
      when = var.enable_event_source_mapping_tag_settings && var.enable_dynamodb_lambda_trigger
      statements = [
        {
          Sid      = "TagTriggers"
          Effect   = "Allow"
          Action   = ["lambda:ListTags", "lambda:TagResource"]
          Resource = "${local.arn_prefix.lambda}:event-source-mapping:*"
        },
      ]
    },
    {
      when = var.kms_key_arn != null
      statements = [
        {
          Sid      = "UseKey"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = var.kms_key_arn
        },
      ]
    },
    {
      when = var.tracing_mode == "Active"
      statements = [
        {
          Sid      = "SendTraces"
          Effect   = "Allow"
          Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
          Resource = "*"
        },
      ]
    },
    {
      when = var.vpc_config != null
      statements = [
        {
          Sid      = "AttachToVPC"
          Effect   = "Allow"
          Action   = local.network_interface_actions
          Resource = "*"
        },
        # For Lambda itself, not for the function's code (Lambda developer guide, Giving functions access to a VPC).
        {
          Sid       = "LambdaAttachesToVPC"
          Effect    = "Deny"
          Action    = local.network_interface_actions
          Resource  = "*"
          Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
        },
      ]
    },
  ]
}
