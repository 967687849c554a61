"""Secrets at rest: sealed, in a key file or the keyring, or referred to."""
