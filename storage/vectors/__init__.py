"""Vector search: exact answers, fast, from a cache that can always be rebuilt.

SQLite holds the truth. For each container and vector name there is one :class:`~storage.vectors.index.VectorIndex` in
memory; :class:`~storage.vectors.cache.IndexCache` keeps it up to date and saves it in a side file that opens in
milliseconds.
"""
