"""Storyline documents that come with the product, as data only: a whole sample book and a template."""
