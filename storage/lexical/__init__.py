"""Search by words: analyzers, and the index of terms."""
