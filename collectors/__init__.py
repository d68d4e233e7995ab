"""Sources of bytes, one adapter a file; they know nothing of machine learning."""
