"""The network from inside: its first filters, what drives the deeper ones, and the maps of a line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from writerid.explain.activations import Driven
from writerid.pictures.canvas import save, show


def filters(kernel: np.ndarray, path: Path) -> None:
    """Draw the filters of a first layer, float (rows, columns, 1, filters), on one scale around zero."""
    count = kernel.shape[-1]
    columns = min(8, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(max(6, columns), rows + 0.8), layout="constrained")
    limit = float(np.abs(kernel).max()) or 1.0
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, axis in enumerate(axes):
        axis.axis("off")
        if number < count:
            image = axis.imshow(kernel[:, :, 0, number], cmap="RdBu", vmin=-limit, vmax=limit)
            axis.set_title(str(number), fontsize=7, pad=2)
    figure.colorbar(image, ax=axes.tolist(), label="weight of the pixel", shrink=0.9)
    figure.suptitle(
        f"The {count} filters of the first layer, each {kernel.shape[0]} x {kernel.shape[1]} pixels:\n"
        "how much a pixel adds to the filter's answer (blue) or takes from it (red)",
        fontsize=10,
    )
    save(figure, path)


def driven(layers: Sequence[Driven], path: Path) -> None:
    """Draw, for some filters of each layer, the real pieces of writing that drive it most and the grown image."""
    patches = layers[0].patches.shape[1]
    count = max(len(layer.filters) for layer in layers)
    figure = Figure(figsize=(1.0 + 2.1 * count, 0.7 + 1.5 * len(layers)), layout="constrained")
    figure.suptitle(
        "What drives a filter most: four real pieces of writing, each of another line, and framed, "
        "an image grown by gradient ascent",
        fontsize=11,
    )
    rows = figure.subfigures(len(layers), 1, squeeze=False)[:, 0]
    for place, (row, layer) in enumerate(zip(rows, layers, strict=True), start=1):
        side = layer.patches.shape[-1]
        row.suptitle(f"layer {place}: each filter sees {side} x {side} pixels", fontsize=9, x=0.01, ha="left")
        for number, group in enumerate(row.subfigures(1, count, squeeze=False)[0]):
            if number >= len(layer.filters):
                continue
            group.set_facecolor(("#e3e7ee", "#f3f1ea")[number % 2])  # what belongs together
            half = patches // 2
            mosaic = [[*(str(i) for i in own), "grown", "grown"] for own in (range(half), range(half, patches))]
            axes = group.subplot_mosaic(mosaic, gridspec_kw={"wspace": 0.05, "hspace": 0.05})
            for own in range(patches):
                show(axes[str(own)], layer.patches[number, own])
            show(axes["grown"], layer.grown[number])
            axes["grown"].axis("on")
            axes["grown"].set(xticks=[], yticks=[])
            axes["grown"].set_title(f"filter {layer.filters[number]}", fontsize=7, pad=2)
    save(figure, path)


def maps(line: np.ndarray, layers: Sequence[tuple[str, np.ndarray]], heading: str, path: Path) -> None:
    """Draw maps of a line, uint8 (height, columns), through every layer, the line above each column of maps.

    `layers`: the name of each, and some of its maps, float (maps, rows, columns), from 0 up and over the line's whole
    width; dark is strong.
    """
    columns = max(len(own) for _, own in layers)
    each = 13 / columns * line.shape[0] / line.shape[1] + 0.08
    figure = Figure(figsize=(14, 0.7 + each * (1 + len(layers))), layout="constrained")
    figure.suptitle(heading, fontsize=10)
    axes = figure.subplots(1 + len(layers), columns, squeeze=False)
    for axis in axes.ravel():
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis in axes[0]:
        axis.imshow(line, cmap="gray", vmin=0, vmax=255, aspect="auto")
    axes[0, 0].set_ylabel("the line", rotation=0, ha="right", va="center", fontsize=8)
    for row, (name, own) in zip(axes[1:], layers, strict=True):
        row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
        for axis, values in zip(row, own, strict=False):
            strongest = float(values.max()) or 1.0
            axis.imshow(values, cmap="Purples", vmin=0, vmax=strongest, aspect="auto", interpolation="nearest")
    save(figure, path)
