"""What `infranaut replay` is made of: rows from files, their pace, and a server that takes them."""
