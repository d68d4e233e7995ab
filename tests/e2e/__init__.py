"""Real servers, from a posted row to a recorded series, a panel and a delivered alert."""
