"""Counts to `/metrics`: text with label prefixes made once and blocks compressed only when they changed."""
