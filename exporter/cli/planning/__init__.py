"""What a change of monitors means: series, rules, their cost, and who is paged."""
