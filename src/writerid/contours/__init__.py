"""What the contours of strokes tell of a hand, without a network and without training."""
