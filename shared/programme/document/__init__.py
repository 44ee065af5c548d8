"""The programme document as people write it: read, verified, compiled. Pure."""
