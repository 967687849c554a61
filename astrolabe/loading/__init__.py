"""Files to documents to a load that survives being interrupted."""
