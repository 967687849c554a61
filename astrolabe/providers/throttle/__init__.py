"""How often a provider may be called, as it says or as it refuses."""
