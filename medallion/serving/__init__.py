"""The tables that Synapse serves: their contracts, and the models generated from these."""
