"""Charts about runs, and the page that tells of one or compares several: a single file that needs no server."""
