"""The door where carriers say what became of texts and calls, and bring the answers of people."""
