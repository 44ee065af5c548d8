"""What every door has in common: serving, the guard, problems, pages, issuing a command."""
