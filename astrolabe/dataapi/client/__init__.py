"""What a program holds of a database: a typed client, the commands it builds, and the same commands as code."""
