"""One request to a provider and its answer: address, transport, adapters, failures."""
