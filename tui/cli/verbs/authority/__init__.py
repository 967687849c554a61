"""The certificate authority: what the command line takes, and what it does."""
