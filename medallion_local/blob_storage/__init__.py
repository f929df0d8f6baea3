"""The laptop's storage account: one folder per container, and its Blob service over HTTP."""
