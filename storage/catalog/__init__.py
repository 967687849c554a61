"""The organization on disk: databases, integrations, credentials, scopes."""
