"""Service level objectives: errors and events, burn rates over several windows, the error budget, and their alerts.

Read in the order of the data: `indicator` → `windows` → `budget` → `burn_alert`, `budget_alerts`; `objectives` puts the
groups together.
"""
