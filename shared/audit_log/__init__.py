"""The audit log: who saw, opened, changed and erased what, in chains in which any later change shows."""
