"""The Keras network, its training and its predictions."""
