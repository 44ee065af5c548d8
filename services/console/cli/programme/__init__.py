"""`careroute programme`: tries a document out, without Kafka."""
