"""The connection to IPPanel."""
