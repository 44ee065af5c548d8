"""A document rehearsed: the calls it names, switched, paused and rolled back while they flow."""
