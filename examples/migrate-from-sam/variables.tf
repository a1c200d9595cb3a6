variable "region" {
  description = "Region of the sample's stack."
  type        = string
  default     = "eu-west-1"
}

variable "sample_parameters" {
  description = <<-EOT
    Parameters of the sample's stack, under their own names and with their own values (`aws cloudformation
    describe-stacks` shows them). Those that are left out are at the sample's defaults.
  EOT
  type = object({
    LambdaFunctionLogLevel       = optional(string, "INFO")
    EnableTagSettings            = optional(string, "true")
    EnableKinesisSettings        = optional(string, "true")
    EnableDynamoDBStreamSettings = optional(string, "true")
    EnableDynamoDBLambdaTrigger  = optional(string, "true")
    EnableTTLSettings            = optional(string, "true")
    EnablePITRSettings           = optional(string, "true")
    EnableAutoScalingSettings    = optional(string, "true")
  })
  default = {}
}

variable "sample_rule_disabled" {
  description = <<-EOT
    Whether the sample's rule has been disabled. Until then the module leaves restores to a point in time to the sample,
    and processes those that the sample never receives.
  EOT
  type        = bool
  default     = false
}
