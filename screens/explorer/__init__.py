"""The Data Explorer: collections and what is in them."""
