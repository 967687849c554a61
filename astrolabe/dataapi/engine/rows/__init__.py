"""What commands say about a table's rows: rows, filters, sorts, projections, updates."""
