"""What Synapse serves: the contracts of the served tables, and the models made from them."""
