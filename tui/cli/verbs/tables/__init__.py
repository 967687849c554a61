"""Tables: create, list, show, alter and drop them."""
