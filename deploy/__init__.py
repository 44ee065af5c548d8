"""Running careroute: the local Kafka, the demo, containers."""
