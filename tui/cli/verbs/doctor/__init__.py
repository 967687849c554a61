"""The check of everything: what the command line takes, and what it does."""
