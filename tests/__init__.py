"""Specifications of this package; run them with `make test`."""
