"""The reference engine: Apache Spark with Delta Lake."""
