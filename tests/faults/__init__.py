"""Proofs that take longer than a test: processes killed at random, judged by the sandbox's own record."""
