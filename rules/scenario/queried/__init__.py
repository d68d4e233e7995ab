"""Series for queries that a person wrote: which of them count as events, and which as errors.

Read in the order of the data: `matching_text` → `told_apart` → `growth` → `events`.
"""
