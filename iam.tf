################################################################################
# Who may send to the queues
################################################################################

locals {
  # No one is denied besides: an operator who redrives the dead-letter queue sends with permissions of their own.
  queue_policies = {
    for key, arn in { queue = local.queue_arn, dlq = local.dlq_arn, recorder = local.recorder_queue_arn } : key => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "OnlyTheRulesSend"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = arn
          Condition = {
            ArnEquals = {
              "aws:SourceArn" = concat(
                local.rule_arns, key == "recorder" ? ["${local.arn_prefix.events}:rule/${local.changes_rule_name}"] : []
              )
            }
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
  assume_role_policy   = local.assume_role_policy
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  count = var.create ? 1 : 0

  name = "table-sync"
  role = aws_iam_role.this[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.base_statements,
      local.setting_statements,
      flatten([for grant in local.input_grants : grant.statements if grant.when]),
      flatten([for grant in local.execution_grants["function"] : grant.statements if grant.when]),
    )
  })
}

locals {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  network_interface_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]

  base_statements = [
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

  # Of inputs that are not settings.
  input_grants = [
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
      # The backup says which table was backed up: the source may be another table of that name by now.
      # AWS Backup restores DynamoDB backups too, those without its advanced features for DynamoDB.
      when = contains(var.restore_types, "backup") || contains(var.restore_types, "aws_backup")
      statements = [
        {
          Sid      = "DescribeBackups"
          Effect   = "Allow"
          Action   = ["dynamodb:DescribeBackup"]
          Resource = "${local.source_tables}/backup/*"
        },
      ]
    },
    {
      when       = var.enable_records
      statements = local.records_statements
    },
  ]

  # Of inputs that say where and how the functions run.
  execution_grants = {
    for key, function_arn in { function = local.function_arn, recorder = local.recorder_function_arn } : key => [
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
        when = length(var.previous_kms_key_arns) > 0
        statements = [
          # SQS decrypts a message, and S3 a record, with the key with which it was encrypted, for a caller who may use it.
          {
            Sid      = "ReadOlderMessages"
            Effect   = "Allow"
            Action   = ["kms:Decrypt"]
            Resource = var.previous_kms_key_arns
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
            Condition = { ArnEquals = { "lambda:SourceFunctionArn" = function_arn } }
          },
        ]
      },
    ]
  }
}
