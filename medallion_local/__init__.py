"""The emulators of the Azure services, and the demo and benchmarks that run on them."""
