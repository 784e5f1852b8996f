"""The Keras network, its fit, and what it answers."""
