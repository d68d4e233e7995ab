"""The hot tier: the last day or two by id, and the latest windows; what replicas share, and can be rebuilt."""
