"""An emulator of a storage account: one folder per container, and the Blob service over HTTP."""
