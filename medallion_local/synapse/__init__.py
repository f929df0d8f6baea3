"""Synapse's serverless SQL pool on this machine: T-SQL views over the lake's Delta folders."""
