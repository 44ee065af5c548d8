"""The prober: sends careroute calls of its own, all the way, and tells somebody by another way when one is missed."""
