"""The rows of a model dashboard, one a file: each gives a `PanelRow`, or None where the monitor has nothing to show."""
