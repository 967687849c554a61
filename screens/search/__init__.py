"""Search by meaning, by words, or both."""
