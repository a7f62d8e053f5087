"""How many chapters are written with each model provider at once, and who waits for one."""
