"""Who wrote this scan? The identifier that leaves the house: it needs numpy, Pillow, SciPy and onnxruntime only."""
