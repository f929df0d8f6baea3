"""Azure itself: credentials, Key Vault, and validation against the models of the Azure SDKs."""
