"""What the screens and the command line both show: foreign text made harmless, errors and reports in words."""
