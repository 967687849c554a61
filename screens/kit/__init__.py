"""What every page and dialog stands on."""
