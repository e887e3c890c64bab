"""What we change in `argilla_server` while it runs: what it tells whom, who may change what, and how fast it is."""
