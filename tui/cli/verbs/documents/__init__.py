"""Documents and rows: get, find, count, insert, update, delete and export them."""
