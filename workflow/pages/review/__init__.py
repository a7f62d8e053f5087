"""Makes the values of the review page."""
