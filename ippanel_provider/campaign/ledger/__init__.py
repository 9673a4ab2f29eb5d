"""The record of what was sent, and the places it can be kept in."""
