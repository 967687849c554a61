"""Rows of a file into a table: columns matched to fields, values converted to their types."""
