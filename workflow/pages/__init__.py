"""Makes the values of pages, one package a page; markup is made in templates."""
