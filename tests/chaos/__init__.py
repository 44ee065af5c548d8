"""Processes and Kafka killed at random under load, and an oracle that reads the topics itself."""
