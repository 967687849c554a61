"""What was sent, and who changed what."""
