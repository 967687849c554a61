"""Integrations, credentials and scopes: set up, tested, rotated, rehearsed and kept secret."""
