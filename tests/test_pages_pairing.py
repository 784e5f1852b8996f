"""Which layout file belongs to which image."""

import pytest

from writerid.dataset.pages.layout import PageLayout
from writerid.dataset.pages.pairing import pair


def of(image: str = "", *, alto: bool = False) -> PageLayout:
    return PageLayout(image, 0, 0, (), alto)


def test_layout_files_find_their_images():
    images = ["a/01.jpg", "b/01.jpg", "x/Brief.tif", "x/scan-7.png"]
    layouts = {
        "a/page/01.xml": of(),
        "a/alto/01.xml": of(alto=True),
        "x/brief.tif.xml": None,
        "x/export_3.xml": of("C:\\old\\scan-7.png"),
        "02.xml": of("/tmp/none.jpg"),
    }
    pairs = pair(images, layouts)
    assert pairs.layout_of == {
        "a/01.jpg": "a/page/01.xml",
        "x/Brief.tif": "x/brief.tif.xml",
        "x/scan-7.png": "x/export_3.xml",
    }
    assert pairs.unused == ["02.xml", "a/alto/01.xml"]


def test_a_layout_file_that_fits_two_images_equally_is_used_for_neither():
    assert pair(["a/01.jpg", "b/01.jpg"], {"alto/01.xml": of("01.jpg")}) == ({}, ["alto/01.xml"])


@pytest.mark.parametrize(
    ("image", "layouts"),
    [
        ("1.jpg", {"page/1.xml": of(), "kraken/1.xml": of(alto=True)}),
        ("1.jpg", {"page/1.xml": of(), "1.xml": of(alto=True)}),
        ("a/1.jpg", {"a/alto/1.xml": of(), "a/1.xml": of(alto=True)}),
        ("a/1.jpg", {"a/1.xml": of(alto=True), "page/1.xml": of()}),
        ("a/1.jpg", {"a/x/1.xml": of(alto=True), "a/page/1.xml": None}),
    ],
    ids=["by its kind", "beside the image", "whatever its folder", "the nearer", "what can be used"],
)
def test_of_several_layout_files_the_first_here_is_used(image: str, layouts: dict[str, PageLayout | None]):
    first, second = layouts
    assert pair([image], layouts) == ({image: first}, [second])
