"""The Data API on other machines: the door to a database there, and what stands between it and an answer."""
