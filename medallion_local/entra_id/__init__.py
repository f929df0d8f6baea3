"""Entra ID and managed identities on a laptop: the tokens that azure-identity asks for."""
