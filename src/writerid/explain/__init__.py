"""What a network learned, what it looks at and where it fails: arrays and rows, which writerid.pictures draws."""
