"""User-defined types: create, list, alter and drop them."""
