"""Any command of the Data API, from the shell."""
