"""What a monitor's data looked like when all was well: bins, categories, moments; built once, kept in git."""
