provider "aws" {
  region = "us-east-1"
}

provider "aws" {
  alias  = "oregon"
  region = "us-west-2"
}

# Its records are in the other Region, so that they can be read when this Region does not answer.
module "table_sync_virginia" {
  source = "../.."

  enable_records = true
  records_bucket = module.table_sync_oregon.records_bucket
}

module "table_sync_oregon" {
  source = "../.."

  providers = { aws = aws.oregon }

  enable_records = true
}
