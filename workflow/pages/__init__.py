"""Values for pages, one package a page; markup is made in templates."""
