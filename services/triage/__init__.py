"""Programme, facts and levels: what may be sent to a call, and why."""
