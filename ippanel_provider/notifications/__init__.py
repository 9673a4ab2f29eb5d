"""Telling people by text what happened to a DAG."""
