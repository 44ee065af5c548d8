"""The engine: runs a service, which is a value, on a log; it knows nothing of calls."""
