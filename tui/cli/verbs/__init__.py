"""One module per noun of the command line; each verb is a coroutine that returns the exit code."""
