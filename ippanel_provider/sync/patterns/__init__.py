"""Patterns as files: plan and apply."""
