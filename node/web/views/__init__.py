"""What answers a route: each takes a `Page` and gives a response; services do the work."""
