"""A filter as a tree, as SQL, and as a function."""
