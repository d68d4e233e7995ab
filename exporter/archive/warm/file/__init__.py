"""The parts of the warm tier that is a file on this machine; `exporter.archive.warm.embedded` puts them together."""
