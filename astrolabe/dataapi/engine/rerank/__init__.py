"""Hybrid search: two searches, one fused list, and a reranker above it."""
