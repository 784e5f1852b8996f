"""All kinds of image files become the same grey pixels, or are refused before they cost memory."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.conftest import line, png
from writerid.dataset.images import UnusableImage, decode

GREY = line(1)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_grey_is_kept():
    np.testing.assert_array_equal(decode(png(GREY)), GREY)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_modes_of_grey_pixels(mode: str):
    np.testing.assert_array_equal(decode(png(GREY, mode)), GREY)


def test_palette_and_one_bit():
    two = np.where(GREY > 128, 255, 0).astype(np.uint8)
    np.testing.assert_array_equal(decode(png(two, "1")), two)
    np.testing.assert_array_equal(decode(png(two, "P")), two)


def test_sixteen_bit_is_scaled():
    deep = Image.fromarray(GREY.astype(np.uint16) * 257)
    np.testing.assert_array_equal(decode(encoded(deep)), GREY)


def test_transparent_is_white():
    clear = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    assert (decode(encoded(clear)) == 255).all()


def test_a_jpeg_called_png():
    assert decode(png(GREY, "L", "JPEG")).shape == GREY.shape


@pytest.mark.parametrize("data", [b"", b"no image", png(GREY)[:-200], b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_what_is_no_image(data: bytes):
    with pytest.raises(UnusableImage) as error:
        decode(data)
    assert error.value.reason == "unreadable"
    assert "\n" not in error.value.detail
    assert "0x" not in error.value.detail


def test_billions_of_pixels_are_refused_before_decoding():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    with pytest.raises(UnusableImage, match="60000 x 60000 pixels") as error:
        decode(bomb)
    assert error.value.reason == "too_large"


def test_a_few_rows_of_endless_length_are_refused():
    with pytest.raises(UnusableImage, match="40000 x 8 pixels") as error:
        decode(png(np.zeros((8, 40_000), np.uint8)))
    assert error.value.reason == "too_large"
