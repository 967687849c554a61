"""Connections: places elsewhere that have databases, and the tokens that they are reached with."""
