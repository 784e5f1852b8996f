"""All kinds of image files become the same grey pixels, or are refused before they cost memory."""

import io
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from tests.conftest import line, png
from writerid.dataset import images
from writerid.dataset.images import Scan, UnusableImage, decode, is_image, scans

GREY = line(1)
TURNED, MIRRORED = 6, 2  # EXIF orientations


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(UnusableImage) as error:
        decode(data)
    return error.value.reason, error.value.detail


def test_grey_is_kept():
    np.testing.assert_array_equal(decode(png(GREY)), GREY)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP", "WEBP", "JPEG", "JPEG2000"])
def test_kinds_of_files(kind: str):
    data = encoded(Image.fromarray(GREY), kind, quality=95, **({"lossless": True} if kind == "WEBP" else {}))
    assert is_image(data[: images.HEAD])
    assert np.abs(decode(data).astype(int) - GREY).max() <= (24 if kind == "JPEG" else 0)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_compressions_of_tiff(compression: str):
    data = encoded(Image.fromarray(GREY), "TIFF", compression=compression)
    assert np.abs(decode(data).astype(int) - GREY).max() <= (90 if compression == "jpeg" else 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colour_modes_of_grey_pixels(mode: str):
    np.testing.assert_array_equal(decode(png(GREY, mode)), GREY)


@pytest.mark.parametrize(("mode", "kind"), [("1", "PNG"), ("P", "PNG"), ("1", "TIFF"), ("P", "GIF"), ("1", "BMP")])
def test_palette_and_one_bit(mode: str, kind: str):
    two = np.where(GREY > 128, 255, 0).astype(np.uint8)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(two).convert(mode), kind)), two)


def test_one_bit_of_a_fax():
    two = np.where(GREY > 128, 255, 0).astype(np.uint8)
    data = encoded(Image.fromarray(two).convert("1"), "TIFF", compression="group4")
    np.testing.assert_array_equal(decode(data), two)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize(("factor", "dtype"), [(257, np.uint16), (16, np.uint16)])
def test_deep_images_are_scaled(kind: str, factor: int, dtype: type):
    """Of 16 bits a scanner may use only 12."""
    deep = decode(encoded(Image.fromarray(GREY.astype(dtype) * factor), kind))
    np.testing.assert_allclose(deep, GREY, atol=1)
    if factor == 257:
        np.testing.assert_array_equal(deep, GREY)


def test_floating_point():
    np.testing.assert_allclose(decode(encoded(Image.fromarray((GREY / 255).astype(np.float32)), "TIFF")), GREY, atol=1)
    np.testing.assert_allclose(decode(encoded(Image.fromarray(GREY.astype(np.float32)), "TIFF")), GREY, atol=1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_value(value: float):
    deep = GREY.astype(np.float32)
    deep[5, 7] = value
    detail = "has pixels without a value (NaN); save it anew as PNG"
    assert refused(encoded(Image.fromarray(deep), "TIFF")) == ("unreadable", detail)


@pytest.mark.parametrize("kind", ["TIFF", "JPEG"])
def test_cmyk(kind: str):
    ink = 255 - GREY
    image = Image.merge("CMYK", [Image.new("L", GREY.shape[::-1], 0)] * 3 + [Image.fromarray(ink)])
    assert np.abs(decode(encoded(image, kind, quality=95)).astype(int) - GREY).max() <= (24 if kind == "JPEG" else 1)


def test_lab_and_colour_profiles():
    rgb = Image.fromarray(GREY).convert("RGB")
    lab = ImageCms.createProfile("LAB")
    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), lab, "RGB", "LAB")
    in_lab = ImageCms.applyTransform(rgb, transform)
    assert in_lab
    assert np.corrcoef(decode(encoded(in_lab, "TIFF")).ravel(), GREY.ravel())[0, 1] > 0.99
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(decode(encoded(rgb, icc_profile=profile)), GREY)
    np.testing.assert_array_equal(decode(encoded(rgb, icc_profile=b"no profile")), GREY)


def test_transparent_is_white():
    clear = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    assert (decode(encoded(clear)) == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [TURNED, MIRRORED])
def test_orientation_of_photos(kind: str, orientation: int):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode(encoded(Image.fromarray(GREY), kind, exif=exif))
    assert upright.shape == (GREY.shape[::-1] if orientation == TURNED else GREY.shape)
    expected = np.rot90(GREY, -1) if orientation == TURNED else GREY[:, ::-1]
    assert np.corrcoef(upright.ravel(), expected.ravel())[0, 1] > 0.98


def test_pages_of_a_tiff_file():
    pages = [Image.fromarray(line(number, 90, 30 + number)) for number in range(3)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], dpi=(300, 300))
    found = list(scans(data))
    assert [page for page, _ in found] == [1, 2, 3]
    for number, (page, scan) in enumerate(found):
        assert isinstance(scan, Scan)
        np.testing.assert_array_equal(scan.grey, line(number, 90, 30 + number))
        np.testing.assert_array_equal(decode(data, page), scan.grey)
    assert refused(data) == ("unreadable", "has 3 pages")
    with pytest.raises(UnusableImage, match="has no page 4"):
        decode(data, 4)


@pytest.mark.parametrize(("said", "told"), [(300, 300), (1, 1), (99_999, 99_999), (100_000, 0)])
def test_the_resolution_that_a_file_tells(said: int, told: int):
    data = encoded(Image.fromarray(GREY).convert("RGB"), "TIFF", dpi=(said, said))
    ((_, scan),) = scans(data)
    assert isinstance(scan, Scan)
    assert (scan.mode, scan.dpi) == ("RGB", told)


def test_a_file_that_tells_no_resolution():
    ((_, scan),) = scans(png(GREY))
    assert isinstance(scan, Scan)
    assert (scan.mode, scan.dpi) == ("L", 0)


def test_previews_within_a_tiff_file_are_no_pages():
    preview = Image.fromarray(GREY).resize((9, 3))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    data = encoded(Image.fromarray(GREY), "TIFF", save_all=True, append_images=[preview])
    ((page, scan),) = scans(data)
    assert page is None
    assert isinstance(scan, Scan)
    np.testing.assert_array_equal(decode(data), GREY)


def test_a_damaged_page_does_not_harm_the_others():
    pages = [Image.fromarray(line(number)) for number in range(3)]
    data = bytearray(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate"))
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        place = image.tag_v2[273][0]  # type: ignore[attr-defined]
    data[place : place + 20] = bytes(20)
    found = [scan for _, scan in scans(bytes(data))]
    assert [isinstance(scan, Scan) for scan in found] == [True, False, True]


def test_more_pages_than_anyone_scans(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "MAX_PAGES", 4)
    page = Image.fromarray(GREY)
    assert refused(encoded(page, "TIFF", save_all=True, append_images=[page] * 4)) == ("too_large", "over 4 pages")
    assert len(list(scans(encoded(page, "TIFF", save_all=True, append_images=[page] * 3)))) == 4


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animations(kind: str):
    frames = [Image.fromarray(line(number)) for number in range(2)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert refused(data) == ("unreadable", "an animation of 2 pictures")


def test_a_phones_photo_with_a_preview_behind_it():
    data = encoded(Image.fromarray(GREY), "MPO", save_all=True, append_images=[Image.fromarray(GREY).resize((9, 3))])
    assert decode(data).shape == GREY.shape


@pytest.mark.parametrize(
    ("head", "detail"),
    [
        (b"\0\0\0\x18ftypheic", "a HEIC photo; export it as JPEG"),
        (b"\0\0\0\x18ftypmif1", "a HEIF photo; export it as JPEG"),
        (b"\0\0\0\x18ftypavif", "an AVIF image; export it as PNG"),
        (b"%PDF-1.7", "a PDF file; export its pages as PNG or TIFF"),
    ],
)
def test_what_must_be_converted(head: bytes, detail: str):
    assert is_image(head.ljust(16, b"\0"))
    assert refused(head.ljust(100, b"\0")) == ("unreadable", detail)


def test_jpeg_2000_without_a_decoder(monkeypatch: pytest.MonkeyPatch):
    assert features.check("jpg_2000")
    data = encoded(Image.fromarray(GREY), "JPEG2000")
    monkeypatch.delattr("PIL.Image.core.jpeg2k_decoder")
    assert refused(data) == ("unreadable", "a JPEG 2000 image, which this installation cannot read; export it as PNG")


@pytest.mark.parametrize("data", [b"", b"no image", png(GREY)[:-200], b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_what_is_no_image(data: bytes):
    reason, detail = refused(data)
    assert reason == "unreadable"
    assert "\n" not in detail
    assert "0x" not in detail


@pytest.mark.parametrize("head", [b"", b"BMW makes cars..", b"%!PS-Adobe-3.0\n", b"file;writer\na;b"])
def test_other_files_do_not_look_like_images(head: bytes):
    assert not is_image(head)


def test_billions_of_pixels_are_refused_before_decoding():
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    assert refused(bomb) == ("too_large", "60000 x 60000 pixels; make it smaller, or part it")


def test_a_few_rows_of_endless_length_are_refused():
    assert refused(png(np.zeros((8, 40_000), np.uint8))) == (
        "too_large",
        "40000 x 8 pixels; make it smaller, or part it",
    )


def test_a_thread_may_look_at_two_large_images_side_by_side(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 10)
    data, done = encoded(Image.fromarray(GREY)), threading.Event()

    def look() -> None:
        assert len(list(zip(scans(data), scans(data), strict=True))) == 1
        done.set()

    threading.Thread(target=look, daemon=True).start()
    assert done.wait(20)
