"""The models of the Embedded provider: they run on this machine, without key or network."""
