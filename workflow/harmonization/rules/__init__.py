"""One module for each rule: `read` takes facts from a chapter, `find` compares them over the book."""
