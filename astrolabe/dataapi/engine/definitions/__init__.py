"""What is stored with a collection or table, and its typed reading."""
