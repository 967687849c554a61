"""The documents' procedures, walked with keys only through the real console."""
