"""What is kept and how it is found: SQLite files, documents, vectors, filters, secrets at rest.

The lowest of the four rooms. It knows neither embedding providers nor screens, and it is the only room with SQL in it.
"""
