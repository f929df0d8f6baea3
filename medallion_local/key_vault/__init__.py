"""Key Vault on a laptop: the REST API of its secrets, for azure-keyvault-secrets."""
