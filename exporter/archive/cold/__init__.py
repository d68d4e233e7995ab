"""The cold tier: years of rows as Parquet files in an object store, or in a folder."""
