"""The identifier as a page in the browser, for people without a terminal: server-rendered, local, offline."""
