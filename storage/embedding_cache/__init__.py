"""Vectors that were paid for once."""
