"""From line images to strips of one height, and the windows of them that the network sees."""
