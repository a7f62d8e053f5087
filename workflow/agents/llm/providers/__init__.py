"""Model providers: their packages, windows and prices."""
