"""Rows in and rows out: files, queries, and the templates that make texts of rows."""
