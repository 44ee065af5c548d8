"""A city on a real Kafka, made up or replayed from a CAD's export, with people and CADs played by bots."""
