"""The file store: a folder or S3."""
