# What the function may do with each toggle alone, on what, and who may send to the queues.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                                     = "sync"
  enable_tag_settings                      = false
  enable_kinesis_settings                  = false
  enable_dynamodb_stream_settings          = false
  enable_dynamodb_lambda_trigger           = false
  enable_ttl_settings                      = false
  enable_pitr_settings                     = false
  enable_auto_scaling_settings             = false
  enable_deletion_protection_settings      = false
  enable_table_class_settings              = false
  enable_on_demand_throughput_settings     = false
  enable_contributor_insights_settings     = false
  enable_resource_policy_settings          = false
  enable_alarm_settings                    = false
  enable_scalable_target_tag_settings      = false
  enable_event_source_mapping_tag_settings = false
  enable_outcome_events                    = false
}

run "no_setting" {
  command = plan

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Sid => statement.Action
      } == {
      DescribeTables = ["dynamodb:DescribeTable"]
      TakeMessages = [
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
      ]
      GiveUpMessages = ["sqs:SendMessage"]
      WriteLogs      = ["logs:CreateLogStream", "logs:PutLogEvents"]
    }
    error_message = "The function may do more or less than take messages, look at tables and write logs."
  }

  assert {
    condition = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Another service than Lambda may assume the role."
  }
}

run "tag_settings" {
  command = plan

  variables {
    enable_tag_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadTags  = ["dynamodb:ListTagsOfResource"]
      WriteTags = ["dynamodb:TagResource"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "kinesis_settings" {
  command = plan

  variables {
    enable_kinesis_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadKinesisDestinations = ["dynamodb:DescribeKinesisStreamingDestination"]
      WriteKinesisDestinations = [
        "dynamodb:EnableKinesisStreamingDestination",
        "dynamodb:UpdateKinesisStreamingDestination",
      ]
      DescribeKinesisStreams = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary"]
      WriteKinesisStreams    = ["kinesis:PutRecords"]
      ListKinesisStreams     = ["kinesis:ListStreams"]
      LinkKinesisRole        = ["iam:CreateServiceLinkedRole"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "dynamodb_stream_settings" {
  command = plan

  variables {
    enable_dynamodb_stream_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      EnableStreams = ["dynamodb:UpdateTable"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "dynamodb_lambda_trigger" {
  command = plan

  variables {
    enable_dynamodb_stream_settings = true
    enable_dynamodb_lambda_trigger  = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      EnableStreams  = ["dynamodb:UpdateTable"]
      ListTriggers   = ["lambda:ListEventSourceMappings"]
      ReadTriggers   = ["lambda:GetEventSourceMapping"]
      CreateTriggers = ["lambda:CreateEventSourceMapping"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "dynamodb_lambda_trigger_with_encrypted_filters" {
  command = plan

  variables {
    enable_dynamodb_stream_settings   = true
    enable_dynamodb_lambda_trigger    = true
    event_source_mapping_kms_key_arns = ["arn:aws-test:kms:xx-test-1:111122223333:key/filters"]
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      EnableStreams      = ["dynamodb:UpdateTable"]
      ListTriggers       = ["lambda:ListEventSourceMappings"]
      ReadTriggers       = ["lambda:GetEventSourceMapping"]
      CreateTriggers     = ["lambda:CreateEventSourceMapping"]
      ReadTriggerFilters = ["kms:Decrypt", "kms:GenerateDataKey"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "encrypted_filters_without_dynamodb_lambda_trigger" {
  command = plan

  variables {
    event_source_mapping_kms_key_arns = ["arn:aws-test:kms:xx-test-1:111122223333:key/filters"]
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
    } == {}
    error_message = "The input grants more or less than it needs."
  }
}

run "ttl_settings" {
  command = plan

  variables {
    enable_ttl_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadTTL  = ["dynamodb:DescribeTimeToLive"]
      WriteTTL = ["dynamodb:UpdateTimeToLive"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "pitr_settings" {
  command = plan

  variables {
    enable_pitr_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadPITR  = ["dynamodb:DescribeContinuousBackups"]
      WritePITR = ["dynamodb:UpdateContinuousBackups"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "auto_scaling_settings" {
  command = plan

  variables {
    enable_auto_scaling_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadAutoScaling = [
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
      ]
      WriteAutoScaling = [
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:PutScheduledAction",
        "application-autoscaling:RegisterScalableTarget",
      ]
      ScaleTables         = ["dynamodb:UpdateTable"]
      ScaleOnAlarms       = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
      LinkAutoScalingRole = ["iam:CreateServiceLinkedRole"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "deletion_protection_settings" {
  command = plan

  variables {
    enable_deletion_protection_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ProtectTables = ["dynamodb:UpdateTable"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "table_class_settings" {
  command = plan

  variables {
    enable_table_class_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ChangeTableClasses = ["dynamodb:UpdateTable"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "on_demand_throughput_settings" {
  command = plan

  variables {
    enable_on_demand_throughput_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      LimitThroughput = ["dynamodb:UpdateTable"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "contributor_insights_settings" {
  command = plan

  variables {
    enable_contributor_insights_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ListContributorInsights     = ["dynamodb:ListContributorInsights"]
      WriteContributorInsights    = ["dynamodb:UpdateContributorInsights"]
      LinkContributorInsightsRole = ["iam:CreateServiceLinkedRole"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "resource_policy_settings" {
  command = plan

  variables {
    enable_resource_policy_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadResourcePolicies  = ["dynamodb:GetResourcePolicy"]
      WriteResourcePolicies = ["dynamodb:PutResourcePolicy"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "alarm_settings" {
  command = plan

  variables {
    enable_alarm_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadAlarms  = ["cloudwatch:DescribeAlarms"]
      WriteAlarms = ["cloudwatch:PutMetricAlarm"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "scalable_target_tag_settings" {
  command = plan

  variables {
    enable_auto_scaling_settings        = true
    enable_scalable_target_tag_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      ReadAutoScaling = [
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
      ]
      WriteAutoScaling = [
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:PutScheduledAction",
        "application-autoscaling:RegisterScalableTarget",
      ]
      ScaleTables             = ["dynamodb:UpdateTable"]
      ScaleOnAlarms           = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
      LinkAutoScalingRole     = ["iam:CreateServiceLinkedRole"]
      ReadScalableTargetTags  = ["application-autoscaling:ListTagsForResource"]
      WriteScalableTargetTags = ["application-autoscaling:TagResource"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "event_source_mapping_tag_settings" {
  command = plan

  variables {
    enable_dynamodb_stream_settings          = true
    enable_dynamodb_lambda_trigger           = true
    enable_event_source_mapping_tag_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      EnableStreams  = ["dynamodb:UpdateTable"]
      ListTriggers   = ["lambda:ListEventSourceMappings"]
      ReadTriggers   = ["lambda:GetEventSourceMapping"]
      CreateTriggers = ["lambda:CreateEventSourceMapping"]
      TagTriggers    = ["lambda:ListTags", "lambda:TagResource"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "tags_of_what_is_not_made" {
  command = plan

  variables {
    enable_scalable_target_tag_settings      = true
    enable_event_source_mapping_tag_settings = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
    } == {}
    error_message = "The toggle grants more or less than it needs."
  }
}

run "outcome_events" {
  command = plan

  variables {
    enable_outcome_events = true
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => [statement.Action, statement.Resource]
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      SendOutcomeEvents = [["events:PutEvents"], "arn:aws-test:events:xx-test-1:111122223333:event-bus/default"]
    }
    error_message = "The toggle grants more or less than it needs."
  }
}

run "kms_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      UseKey = ["kms:Decrypt", "kms:GenerateDataKey"]
    }
    error_message = "The input grants more or less than it needs."
  }
}

run "tracing" {
  command = plan

  variables {
    tracing_mode = "Active"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      SendTraces = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    }
    error_message = "The input grants more or less than it needs."
  }
}

run "vpc" {
  command = plan

  variables {
    vpc_config = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => statement.Action
      if !contains(["DescribeTables", "TakeMessages", "GiveUpMessages", "WriteLogs"], statement.Sid)
      } == {
      AttachToVPC = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
      LambdaAttachesToVPC = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]
    }
    error_message = "The input grants more or less than it needs."
  }
}

run "everything" {
  command = plan

  variables {
    enable_tag_settings                      = true
    enable_kinesis_settings                  = true
    enable_dynamodb_stream_settings          = true
    enable_dynamodb_lambda_trigger           = true
    enable_ttl_settings                      = true
    enable_pitr_settings                     = true
    enable_auto_scaling_settings             = true
    enable_deletion_protection_settings      = true
    enable_table_class_settings              = true
    enable_on_demand_throughput_settings     = true
    enable_contributor_insights_settings     = true
    enable_resource_policy_settings          = true
    enable_alarm_settings                    = true
    enable_scalable_target_tag_settings      = true
    enable_event_source_mapping_tag_settings = true
    enable_outcome_events                    = true
    event_bus_arn                            = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
    event_source_mapping_kms_key_arns        = ["arn:aws-test:kms:xx-test-1:111122223333:key/filters"]
    kms_key_arn                              = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
    tracing_mode                             = "Active"
    vpc_config                               = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  # Tables are read in any Region and written in this one.
  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement : statement.Sid => statement.Resource
      } == {
      DescribeTables           = "arn:aws-test:dynamodb:*:111122223333:table/*"
      TakeMessages             = "arn:aws-test:sqs:xx-test-1:111122223333:sync"
      GiveUpMessages           = "arn:aws-test:sqs:xx-test-1:111122223333:sync-dlq"
      WriteLogs                = "arn:aws-test:logs:xx-test-1:111122223333:log-group:/aws/lambda/sync:*"
      ReadTags                 = "arn:aws-test:dynamodb:*:111122223333:table/*"
      WriteTags                = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ReadKinesisDestinations  = "arn:aws-test:dynamodb:*:111122223333:table/*"
      WriteKinesisDestinations = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      DescribeKinesisStreams   = "arn:aws-test:kinesis:*:111122223333:stream/*"
      WriteKinesisStreams      = "arn:aws-test:kinesis:xx-test-1:111122223333:stream/*"
      ListKinesisStreams       = "*"
      LinkKinesisRole = join("/", [
        "arn:aws-test:iam::111122223333:role/aws-service-role", "kinesisreplication.dynamodb.amazonaws.com", "*"
      ])
      EnableStreams      = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ListTriggers       = "*"
      ReadTriggers       = "arn:aws-test:lambda:*:111122223333:event-source-mapping:*"
      CreateTriggers     = "*"
      ReadTriggerFilters = ["arn:aws-test:kms:xx-test-1:111122223333:key/filters"]
      ReadTTL            = "arn:aws-test:dynamodb:*:111122223333:table/*"
      WriteTTL           = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ReadPITR           = "arn:aws-test:dynamodb:*:111122223333:table/*"
      WritePITR          = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ReadAutoScaling    = "*"
      WriteAutoScaling   = "arn:aws-test:application-autoscaling:xx-test-1:111122223333:scalable-target/*"
      ScaleTables        = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ScaleOnAlarms      = "arn:aws-test:cloudwatch:xx-test-1:111122223333:alarm:*"
      LinkAutoScalingRole = join("/", [
        "arn:aws-test:iam::111122223333:role/aws-service-role", "dynamodb.application-autoscaling.amazonaws.com", "*"
      ])
      SendOutcomeEvents        = "arn:aws-test:events:xx-test-1:444455556666:event-bus/restores"
      ProtectTables            = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ChangeTableClasses       = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      LimitThroughput          = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ListContributorInsights  = "*"
      WriteContributorInsights = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      LinkContributorInsightsRole = join("/", [
        "arn:aws-test:iam::111122223333:role/aws-service-role", "contributorinsights.dynamodb.amazonaws.com", "*"
      ])
      ReadResourcePolicies    = "arn:aws-test:dynamodb:*:111122223333:table/*"
      WriteResourcePolicies   = "arn:aws-test:dynamodb:xx-test-1:111122223333:table/*"
      ReadAlarms              = "arn:aws-test:cloudwatch:*:111122223333:alarm:*"
      WriteAlarms             = "arn:aws-test:cloudwatch:xx-test-1:111122223333:alarm:*"
      ReadScalableTargetTags  = "arn:aws-test:application-autoscaling:*:111122223333:scalable-target/*"
      WriteScalableTargetTags = "arn:aws-test:application-autoscaling:xx-test-1:111122223333:scalable-target/*"
      TagTriggers             = "arn:aws-test:lambda:xx-test-1:111122223333:event-source-mapping:*"
      UseKey                  = "arn:aws-test:kms:xx-test-1:111122223333:key/1234"
      SendTraces              = "*"
      AttachToVPC             = "*"
      LambdaAttachesToVPC     = "*"
    }
    error_message = "A statement covers more or fewer resources than it needs."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => values(statement.Condition)[0] if can(statement.Condition)
      } == {
      LinkKinesisRole             = { "iam:AWSServiceName" = "kinesisreplication.dynamodb.amazonaws.com" }
      CreateTriggers              = { "lambda:FunctionArn" = "arn:aws-test:lambda:xx-test-1:111122223333:function:*" }
      WriteAutoScaling            = { "application-autoscaling:service-namespace" = "dynamodb" }
      LinkAutoScalingRole         = { "iam:AWSServiceName" = "dynamodb.application-autoscaling.amazonaws.com" }
      LinkContributorInsightsRole = { "iam:AWSServiceName" = "contributorinsights.dynamodb.amazonaws.com" }
      SendOutcomeEvents           = { "events:source" = "dynamodb-pitr-table-sync" }
      LambdaAttachesToVPC = {
        "lambda:SourceFunctionArn" = "arn:aws-test:lambda:xx-test-1:111122223333:function:sync"
      }
    }
    error_message = "A statement has another condition than it should."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid => keys(statement.Condition)[0] if can(statement.Condition)
      } == {
      LinkKinesisRole             = "StringEquals"
      CreateTriggers              = "ArnLike"
      WriteAutoScaling            = "StringEquals"
      LinkAutoScalingRole         = "StringEquals"
      LinkContributorInsightsRole = "StringEquals"
      SendOutcomeEvents           = "StringEquals"
      LambdaAttachesToVPC         = "ArnEquals"
    }
    error_message = "A statement's condition compares in another way than it should."
  }

  # The inline policies of a role have at most 10240 characters together (IAM user guide, quotas).
  assert {
    condition     = length(aws_iam_role_policy.this[0].policy) < 10240 * 0.9
    error_message = "The role's policy takes more than nine tenths of what IAM allows."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.this[0].policy).Statement :
      statement.Sid if statement.Effect != "Allow"
    ] == ["LambdaAttachesToVPC"]
    error_message = "Another statement than the one for network interfaces denies something."
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
