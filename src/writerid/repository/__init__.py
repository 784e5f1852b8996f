"""What git and DVC say of the repository that a person works in."""
