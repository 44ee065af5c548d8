"""What chaos and benchmark share: made-up agencies and their calls, crews that follow the journal, a log reader."""
