"""Team availability: rosters, offers, assignments, clocks; every call's one routing outcome."""
