"""The store as it was first made."""

revision = "first"
down_revision = None


def upgrade() -> None:
    """Nothing: `prepare` makes a new store whole."""
