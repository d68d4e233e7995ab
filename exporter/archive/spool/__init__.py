"""The spool: a write-ahead log on this machine's disk, which makes an answer of 202 mean durable."""
