"""The Data API server inside the console."""
