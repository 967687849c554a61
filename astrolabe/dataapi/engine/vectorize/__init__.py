"""Vectors made from text: which service a command uses, and what its failures mean."""
