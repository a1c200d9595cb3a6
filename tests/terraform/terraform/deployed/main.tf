variable "aws_config" {
  description = "AWS config file with the URL of the embedded AWS."
  type        = string
}

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  shared_config_files         = [var.aws_config]
}

module "table_sync" {
  source = "../../../.."

  name = "deployed"
}
