"""careroute on Kubernetes: what of its resources is written by a program."""
