"""What notification owes for each input, by what it is about. Pure."""
