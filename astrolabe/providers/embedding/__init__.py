"""Texts to vectors: batches, retries and the cache above every provider."""
