"""The alerts that a monitor would have fired on past data, as Prometheus' own programs tell it."""
