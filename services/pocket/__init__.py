"""The pocket page: a team's offers, its call and its shift on a phone, without script."""
