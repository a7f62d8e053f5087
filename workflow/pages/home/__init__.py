"""Makes the values of the home page: the library, the inbox, and the search for chapters from any page."""
