"""The store: its tables, how it is opened and made, and what it says that needs no figure."""
