"""One module a step; a new store is made whole, and marked as having taken all of them."""
