"""Writer identification from scanned lines of handwriting, as a reproducible experiment."""
