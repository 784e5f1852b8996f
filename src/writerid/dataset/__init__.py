"""From an archive to its usable lines, their writers and their sides."""
