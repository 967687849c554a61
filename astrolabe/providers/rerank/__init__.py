"""Texts ordered by how well they answer a query."""
