"""Raw rows of the archive counted again, as series over time that Prometheus can load."""
