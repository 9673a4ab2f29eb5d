"""Sending many texts: who gets one, in which requests, and what became of it."""
