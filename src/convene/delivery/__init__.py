"""After the commit: what was written reaches people and machines. Everything here catches up from the tables."""
