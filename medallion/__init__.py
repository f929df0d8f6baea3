"""The operator's command line of the medallion lakehouse, and the local Azure emulators."""
