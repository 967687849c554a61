"""Databases: what the command line takes, and what it does."""
