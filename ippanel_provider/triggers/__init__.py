"""Waiting on the triggerer instead of a worker."""
