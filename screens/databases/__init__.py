"""The databases of the organization."""
