"""Connection strings to AI models: their page and dialogs."""
