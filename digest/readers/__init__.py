"""How a paper's text is read, one module for each kind of source."""
