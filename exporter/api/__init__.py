"""HTTP: taking predictions and labels, and showing what is known about them."""
