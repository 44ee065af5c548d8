"""What every door has in common: serving, the guard, problems, issuing a command."""
