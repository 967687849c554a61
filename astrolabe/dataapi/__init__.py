"""The one door to a database: Data API commands, executed here or sent to an endpoint."""
