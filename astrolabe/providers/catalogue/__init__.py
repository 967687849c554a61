"""Which providers, models and connectors there are: data, and the types it is read into."""
