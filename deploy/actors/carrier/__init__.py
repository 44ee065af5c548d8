"""A telephone network, played: two carriers with their protocols, and phones that ring, answer, or are off."""
