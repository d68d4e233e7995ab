"""The warm tier: what was predicted in the last weeks, in a database."""
