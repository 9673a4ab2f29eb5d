"""Phonebooks as rows: plan and apply."""
