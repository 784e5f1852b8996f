"""From a model and a side of the dataset to what is reported about them."""
