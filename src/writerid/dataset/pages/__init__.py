"""From the image of a whole page, with or without a layout file beside it, to its lines."""
