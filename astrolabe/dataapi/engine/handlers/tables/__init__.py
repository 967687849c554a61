"""Commands on tables, their indexes, and the user-defined types of a keyspace."""
