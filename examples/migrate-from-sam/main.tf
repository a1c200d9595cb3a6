provider "aws" {
  region = var.region
}

locals {
  # The sample takes "true" in any case for on, and everything else for off.
  sample_enables = { for name, value in var.sample_parameters : name => lower(value) == "true" }
}

module "table_sync" {
  source = "../.."

  restore_types = var.sample_rule_disabled ? ["point_in_time", "backup", "aws_backup"] : ["backup", "aws_backup"]

  log_level                       = var.sample_parameters.LambdaFunctionLogLevel
  enable_tag_settings             = local.sample_enables.EnableTagSettings
  enable_kinesis_settings         = local.sample_enables.EnableKinesisSettings
  enable_dynamodb_stream_settings = local.sample_enables.EnableDynamoDBStreamSettings
  # In the sample, too, triggers come to nothing without the stream.
  enable_dynamodb_lambda_trigger = (
    local.sample_enables.EnableDynamoDBLambdaTrigger && local.sample_enables.EnableDynamoDBStreamSettings
  )
  enable_ttl_settings          = local.sample_enables.EnableTTLSettings
  enable_pitr_settings         = local.sample_enables.EnablePITRSettings
  enable_auto_scaling_settings = local.sample_enables.EnableAutoScalingSettings
}
