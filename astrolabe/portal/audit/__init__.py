"""Who changed what in the organization, and when."""
