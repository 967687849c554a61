"""Help: the same as ``--help`` after a verb."""
