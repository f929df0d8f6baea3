"""An emulator of a Databricks SQL warehouse: the connector's Thrift protocol in front of Sail."""
