"""Embedding providers: the catalogue, one adapter each, and the engine above them."""
