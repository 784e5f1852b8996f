"""One page that tells of a run, or compares several: a single file that needs no server and no network."""
