"""What every service stands on: the language, the worker, the broker seam, the programme."""
