"""Latency, throughput and recovery of the services on a real Kafka, beside the floor measured in the same run."""
