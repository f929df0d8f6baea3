"""An emulator of Key Vault: the REST API of its secrets, for azure-keyvault-secrets."""
