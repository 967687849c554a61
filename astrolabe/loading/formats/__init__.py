"""Bytes to rows, each with its place in the file: CSV, JSON and JSON Lines."""
