"""The Data API over HTTP: what the official clients speak to. It adds nothing to the commands but HTTP."""
