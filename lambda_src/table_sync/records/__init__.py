"""Records: the settings of every table as objects in a versioned S3 bucket, for restores whose source is gone."""
