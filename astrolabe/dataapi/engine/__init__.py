"""The local door: it finds what a command is aimed at and carries the command out on the embedded store."""
