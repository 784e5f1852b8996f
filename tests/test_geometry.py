"""The sizes computed without Keras are those of the network."""

import pytest

from tests.conftest import tiny_network
from writerid.base.geometry import check_network, feature_maps
from writerid.network.models import build


@pytest.mark.parametrize(("height", "width", "layers"), [(113, 113, 3), (113, 113, 6), (64, 97, 2), (33, 40, 1)])
def test_feature_maps_are_those_of_the_network(height: int, width: int, layers: int):
    model = build(tiny_network(height=height, width=width, layers=layers), seed=0)
    sizes = feature_maps(height, width, layers)
    assert [model.get_layer(f"conv{i + 1}").input.shape[1:3] for i in range(layers)] == sizes[:-1]
    assert model.get_layer("average").input.shape[1:3] == sizes[-1]


@pytest.mark.parametrize(
    ("height", "width", "layers", "kernel_size", "fits"),
    [
        (113, 113, 6, 13, True),
        (113, 113, 6, 15, False),
        (113, 113, 3, 27, True),
        (113, 113, 3, 29, False),
        (64, 112, 4, 7, True),
        (64, 112, 4, 9, False),
        (16, 16, 3, 1, True),
        (8, 8, 3, 1, False),
    ],
)
def test_what_fits(height: int, width: int, layers: int, kernel_size: int, fits: bool):
    assert (not check_network(height, width, layers, kernel_size)) is fits
