"""Vector search: exact answers, fast, from a cache that can always be rebuilt.

SQLite holds the truth. Per container and vector name there is one :class:`~storage.vectors.index.VectorIndex` in memory,
kept up to date by :class:`~storage.vectors.cache.IndexCache` and saved in a side file that opens in milliseconds.
"""
