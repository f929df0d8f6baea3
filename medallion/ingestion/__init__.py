"""Ingestion: the request, the receipts, the landed files, and the verification of them."""
