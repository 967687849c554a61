"""Databases, their regions, and the form of a collection."""
