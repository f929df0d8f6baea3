"""A Data Factory in Azure: starts the ingestion there and follows the run."""
