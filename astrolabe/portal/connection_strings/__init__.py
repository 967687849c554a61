"""Connection strings to AI models, as RavenDB keeps them."""
