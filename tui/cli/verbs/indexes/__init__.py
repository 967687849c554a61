"""Indexes of tables: create, list and drop them."""
