"""Makes the plain values of a board from rows that are read once, for pages and live updates alike."""
