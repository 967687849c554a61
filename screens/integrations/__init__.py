"""Embedding providers: their pages, credentials, scopes and tests."""
