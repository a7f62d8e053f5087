"""The home page: the library, the inbox, and finding a chapter from any page."""
