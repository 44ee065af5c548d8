"""Everything that happened, as tables that can be asked: the only room that knows Faust and SQL."""
