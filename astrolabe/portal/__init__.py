"""The organization: databases, keyspaces, integrations, credentials and their scopes."""
