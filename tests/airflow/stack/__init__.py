"""Whole Airflows, with every process of their own. Not part of the fast suite: each is a script that ends with its
verdict.
"""
