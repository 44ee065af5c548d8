"""A person's own page on their phone, and a team's on its tablet: enrolled once, let in from then on by a cookie."""
