"""Emulator of Synapse's serverless SQL pool: T-SQL views over the lake's Delta folders."""
