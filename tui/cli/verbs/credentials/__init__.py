"""Credentials and their scopes: what the command line takes, and what it does."""
