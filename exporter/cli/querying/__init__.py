"""Parts of `infranaut query`."""
