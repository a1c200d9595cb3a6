# The emulator's address comes from the environment: AWS_ENDPOINT_URL.
provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
}

module "table_sync" {
  source = "../.."

  name                  = var.name
  enable_records        = true
  records_force_destroy = true
}
