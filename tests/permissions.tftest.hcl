# What the function may do besides its settings, and who may send to the queues. What each setting may do is in
# settings.tf: tests/terraform/test_settings_file.py and tests/proof/test_permissions.py test that.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                  = "sync"
  enable_outcome_events = false
}

run "base" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => [statement.Effect, statement.Action, statement.Resource]
      if !contains(flatten([for setting in local.settings : concat(setting.read, setting.write)])[*].Sid, statement.Sid)
      } == {
      DescribeTables = ["Allow", ["dynamodb:DescribeTable"], "arn:aws-test:dynamodb:*:111122223333:table/*"]
      DescribeBackups = [
        "Allow",
        ["dynamodb:DescribeBackup"],
        "arn:aws-test:dynamodb:*:111122223333:table/*/backup/*"
      ]
      TakeMessages = [
        "Allow",
        [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
        ],
        "arn:aws-test:sqs:xx-test-1:111122223333:sync"
      ]
      GiveUpMessages = ["Allow", ["sqs:SendMessage"], "arn:aws-test:sqs:xx-test-1:111122223333:sync-dlq"]
      WriteLogs = [
        "Allow",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        "arn:aws-test:logs:xx-test-1:111122223333:log-group:/aws/lambda/sync:*"
      ]
    }
    error_message = "The function may do more or less than take messages, describe tables and write logs."
  }

  assert {
    condition = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Another service than Lambda may assume the role."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.this[0], aws_sqs_queue.dlq[0]] : jsondecode(queue.policy).Statement == [
        {
          Sid       = "OnlyTheRulesSend"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = "arn:aws-test:sqs:xx-test-1:111122223333:${queue.name}"
          Condition = {
            ArnEquals = {
              "aws:SourceArn" = [
                "arn:aws-test:events:xx-test-1:111122223333:rule/sync-aws-backup",
                "arn:aws-test:events:xx-test-1:111122223333:rule/sync-backup",
                "arn:aws-test:events:xx-test-1:111122223333:rule/sync-point-in-time",
              ]
            }
            StringEquals = { "aws:SourceAccount" = "111122223333" }
          }
        },
        {
          Sid       = "OnlyOverTLS"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = "arn:aws-test:sqs:xx-test-1:111122223333:${queue.name}"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ]
    ])
    error_message = "Others than the rules may send to a queue, or without TLS."
  }
}

run "inputs_that_are_not_settings" {
  command = plan

  variables {
    restore_types         = ["point_in_time"]
    enable_outcome_events = true
    event_bus_arn         = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
    kms_key_arn           = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
    previous_kms_key_arns = ["arn:aws-test:kms:xx-test-1:111122223333:key/old"]
    tracing_mode          = "Active"
    vpc_config            = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => merge(statement, { Sid = "" })
      if !contains(flatten([for setting in local.settings : concat(setting.read, setting.write)])[*].Sid, statement.Sid) &&
      !contains(local.base_statements[*].Sid, statement.Sid)
      } == {
      SendOutcomeEvents = {
        Sid       = ""
        Effect    = "Allow"
        Action    = ["events:PutEvents"]
        Resource  = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
        Condition = { StringEquals = { "events:source" = "dynamodb-pitr-table-sync" } }
      }
      UseKey = {
        Sid      = ""
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
      }
      ReadOlderMessages = {
        Sid      = ""
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = ["arn:aws-test:kms:xx-test-1:111122223333:key/old"]
      }
      SendTraces = {
        Sid      = ""
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      }
      AttachToVPC = {
        Sid    = ""
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      }
      LambdaAttachesToVPC = {
        Sid    = ""
        Effect = "Deny"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
        Condition = {
          ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws-test:lambda:xx-test-1:111122223333:function:sync" }
        }
      }
    }
    error_message = "An input that is not a setting grants more or less than it needs."
  }
}

run "restores_from_backups_not_processed" {
  command = plan

  variables {
    restore_types = ["point_in_time"]
  }

  assert {
    condition = !contains(
      [for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Sid], "DescribeBackups"
    )
    error_message = "The function may describe backups although no restore from one is processed."
  }
}

run "outcome_events_on_the_default_bus" {
  command = plan

  variables {
    enable_outcome_events = true
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Resource if statement.Sid == "SendOutcomeEvents"
    ] == ["arn:aws-test:events:xx-test-1:111122223333:event-bus/default"]
    error_message = "The function may not send events to the default bus, or to others too."
  }
}

# A key that is no longer used, without a new one: messages from before the change are still read.

run "key_taken_away" {
  command = plan

  variables {
    previous_kms_key_arns = [
      "arn:aws-test:kms:xx-test-1:111122223333:key/old",
      "arn:aws-test:kms:xx-test-1:111122223333:key/older",
    ]
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      join(" ", statement.Action) => join(" ", statement.Resource) if startswith(statement.Action[0], "kms:")
    } == { "kms:Decrypt" = join(" ", var.previous_kms_key_arns) }
    error_message = "The function cannot read older messages, or may do more with previous keys."
  }

  assert {
    condition = (
      aws_sqs_queue.this[0].sqs_managed_sse_enabled && aws_sqs_queue.this[0].kms_master_key_id == null
    )
    error_message = "New messages are encrypted with a previous key."
  }
}
