"""The Data Factory in Azure: starts the ingestion there and follows its run."""
