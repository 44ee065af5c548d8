"""Events into rows: a pure fold whose state between batches is the store itself."""
