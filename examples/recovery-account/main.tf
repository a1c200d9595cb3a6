provider "aws" {
  alias  = "production"
  region = var.region
}

provider "aws" {
  alias  = "recovery"
  region = var.region

  assume_role {
    role_arn = var.recovery_role_arn
  }
}

locals {
  account    = data.aws_caller_identity.production.account_id
  bucket     = "${var.name}-records-${data.aws_caller_identity.recovery.account_id}-${var.region}"
  bucket_arn = "arn:${data.aws_partition.recovery.partition}:s3:::${local.bucket}"
}

data "aws_caller_identity" "production" {
  provider = aws.production
}

data "aws_caller_identity" "recovery" {
  provider = aws.recovery
}

data "aws_partition" "recovery" {
  provider = aws.recovery
}

# It records the production account's tables, into the bucket of the recovery account.
module "production" {
  source = "../.."

  providers = { aws = aws.production }

  name           = var.name
  enable_records = true
  records_bucket = aws_s3_bucket.records.bucket
}

# It restores from these records, and records the recovery account's tables too.
module "recovery" {
  source = "../.."

  providers = { aws = aws.recovery }

  name           = var.name
  enable_records = true
  records_bucket = aws_s3_bucket.records.bucket
}

resource "aws_s3_bucket" "records" {
  provider = aws.recovery

  bucket = local.bucket
}

resource "aws_s3_bucket_versioning" "records" {
  provider = aws.recovery

  bucket = aws_s3_bucket.records.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Keys of S3's own: a KMS key would have to let the roles of both accounts use it.
resource "aws_s3_bucket_server_side_encryption_configuration" "records" {
  provider = aws.recovery

  bucket = aws_s3_bucket.records.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "records" {
  provider = aws.recovery

  bucket                  = aws_s3_bucket.records.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "records" {
  provider = aws.recovery

  bucket = aws_s3_bucket.records.id

  # The current version never expires: it is the last that is known of a table.
  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 400
    }
  }

  depends_on = [aws_s3_bucket_versioning.records]
}

# The roles of the bucket's own account need no statement: their own policies allow what they do.
resource "aws_s3_bucket_policy" "records" {
  provider = aws.recovery

  bucket = aws_s3_bucket.records.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "WriteRecords"
        Effect    = "Allow"
        Principal = { AWS = module.production.recorder_role_arn }
        Action    = ["s3:GetObject", "s3:PutObject"]
        Resource = [
          "${local.bucket_arn}/settings/v1/${local.account}/*",
          "${local.bucket_arn}/event_history/v1/${local.account}/*",
        ]
      },
      {
        Sid       = "ReadRecords"
        Effect    = "Allow"
        Principal = { AWS = module.production.role_arn }
        Action    = ["s3:GetObjectVersion"]
        Resource  = "${local.bucket_arn}/settings/v1/${local.account}/*"
      },
      {
        Sid       = "WriteRestores"
        Effect    = "Allow"
        Principal = { AWS = module.production.role_arn }
        Action    = ["s3:GetObject", "s3:PutObject"]
        Resource  = "${local.bucket_arn}/restores/v1/${local.account}/*"
      },
      {
        Sid       = "ListObjects"
        Effect    = "Allow"
        Principal = { AWS = module.production.recorder_role_arn }
        Action    = ["s3:ListBucket"]
        Resource  = local.bucket_arn
        Condition = {
          StringLike = {
            "s3:prefix" = ["settings/v1/${local.account}/*", "restores/v1/${local.account}/*"]
          }
        }
      },
      {
        Sid       = "ListVersions"
        Effect    = "Allow"
        Principal = { AWS = module.production.role_arn }
        Action    = ["s3:ListBucketVersions"]
        Resource  = local.bucket_arn
        Condition = { StringLike = { "s3:prefix" = "settings/v1/${local.account}/*" } }
      },
    ]
  })

  # S3 refuses two changes of a bucket's access at once.
  depends_on = [aws_s3_bucket_public_access_block.records]
}
