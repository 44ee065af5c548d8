"""The same services hosted by others, in the same run, on the same Kafka, under the same load."""
