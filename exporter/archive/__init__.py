"""What is kept of the raw records."""
