"""How many chapters wait for a model at once, in how much memory and with how much of a processor."""
