"""Tests, by seam: one folder a slice, the same names as in the code."""
