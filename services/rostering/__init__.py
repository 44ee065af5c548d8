"""Who is planned when: rotations become shifts, people have places in them, and what the plan lacks is told ahead."""
