"""Mergeable counts in shared memory, predictions remembered by id, and labels joined to them."""
