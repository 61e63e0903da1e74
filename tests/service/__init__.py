"""The service as a process of its own, for tests that need real sockets, files and signals."""
