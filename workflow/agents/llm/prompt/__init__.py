"""The messages for one chapter, block by block, within a budget of tokens."""
