"""The orders in which ink goes or comes (see fidelity): by methods of attribution, and by what knows no network."""

ORDERS = {  # and their names
    "integrated_gradients": "integrated gradients",
    "gradient_x_input": "gradient x input",
    "grad_cam": "Grad-CAM",
    "ink": "most ink first",
    "random": "at random",
}
