"""What the program costs, always beside a peer in the same run: ratios survive a busy machine, milliseconds do not."""
