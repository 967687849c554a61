"""Data that tries to crash the console, to act in it, or to reach the terminal behind it."""
