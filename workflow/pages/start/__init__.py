"""Makes the values of an outline's start panel."""
