"""What answers the requests of the lab API, one module per resource."""
