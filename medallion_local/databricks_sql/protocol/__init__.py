"""The answers to clients: Thrift, the Statement Execution API, results and metadata."""
