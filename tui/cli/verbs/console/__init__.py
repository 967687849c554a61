"""The console itself, and the demo: what the command line takes, and what it does."""
