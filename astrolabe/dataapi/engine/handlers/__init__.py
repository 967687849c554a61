"""What the commands do: one module per group, each with the table of its handlers."""
