"""SQLite, asynchronous: files, transactions, waiting, errors, migrations."""
