"""The composition root: settings to processes; start, stop, signals, reload."""
