"""SQL over the warm and the cold tier together."""
