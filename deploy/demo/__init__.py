"""The demo: a made-up city, a replay of a CAD's export, or a rehearsal of a document, on a real Kafka."""
