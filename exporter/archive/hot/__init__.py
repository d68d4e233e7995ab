"""The hot tier: the last day or two by id, where replicas find what another one took; a cache that can be rebuilt."""
