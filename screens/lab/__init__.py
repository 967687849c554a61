"""The failure lab: failures made on purpose."""
