"""One database file: containers, items, and how they are read."""
