"""A Databricks SQL warehouse on the laptop: the connector's Thrift protocol in front of Sail."""
