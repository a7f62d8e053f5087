"""The start panel of an outline."""
