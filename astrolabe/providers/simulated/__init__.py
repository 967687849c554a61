"""Failures that a provider could answer with, made on this machine."""
