"""What was added to the store since it was first made: columns and tables, never another meaning."""
