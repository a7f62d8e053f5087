"""Reads nodes, chunks, links and preferences out of a parsed upload, and finds all their faults."""
