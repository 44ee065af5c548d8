"""A whole careroute on this machine: Kafka, and every service as a process."""
