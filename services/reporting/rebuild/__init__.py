"""Makes the store anew out of the journals, compares it with the old one, and puts it in its place."""
