"""The values that a checked storyline consists of, and what is worked out from them alone."""
