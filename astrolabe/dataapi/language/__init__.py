"""The language of the Data API: documents, filters, sorts, projections, updates and their error codes.

Pure functions over JSON values; nothing here reads or writes anything.
"""
