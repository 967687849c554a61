"""Connections to databases elsewhere: what the command line takes, and what it does."""
