"""What chaos and benchmark share: made-up agencies, their CADs and crews, light HTTP, and a reader of its own."""
