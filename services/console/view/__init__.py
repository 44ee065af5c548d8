"""What the console shows of an agency: the fold of the journals."""
