"""An emulator of Entra ID and managed identities: the tokens that azure-identity requests."""
