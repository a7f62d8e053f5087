"""Keeps boards live: carries each commit, in any process, to the browsers that show its session.

The database stays the truth: what is sent is made from its rows, never from what a notification says.
"""
