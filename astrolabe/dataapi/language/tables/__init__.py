"""Tables: the types of their columns, and the values those take and give."""
