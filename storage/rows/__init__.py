"""Tables' rows: in the order of their keys, found by ranges of keys, by indexed values, and by their texts."""
