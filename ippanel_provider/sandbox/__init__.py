"""A stand-in for the IPPanel service."""
