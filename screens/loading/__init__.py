"""Loading a file: the form and the progress."""
