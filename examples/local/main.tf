variable "endpoint" {
  description = "URL of the embedded AWS, such as http://127.0.0.1:5000."
  type        = string
}

variable "region" {
  description = "Region to deploy to."
  type        = string
  default     = "eu-west-1"
}

variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "dynamodb-pitr-table-sync"
}

provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
    cloudwatch  = var.endpoint
    eventbridge = var.endpoint
    iam         = var.endpoint
    lambda      = var.endpoint
    logs        = var.endpoint
    sqs         = var.endpoint
    sts         = var.endpoint
  }
}

module "table_sync" {
  source = "../.."

  name = var.name
}
