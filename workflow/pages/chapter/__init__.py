"""Makes the values of a chapter's page: how far it is, its attempts and its texts, in words for a person."""
