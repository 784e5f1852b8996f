"""Pictures: each module draws arrays and rows of one subject into a PNG that is the same, byte for byte, each time."""
