"""What is paper and what is ink on a line: lines are brought to dark ink on evenly lit paper."""

import numpy as np
from PIL import Image

MIN_CONTRAST = 24  # grey levels between paper and ink; a line with less holds no writing
FAINT_SHARE, FAINT_CONTRAST = 0.0005, 48  # a short word on a wide line: so little ink must differ by more
DOUBTFUL, NEGATIVE = 0.3, 0.5  # share of dark pixels from which one looks closer, and the paper may be dark
SOLID, BAR = 0.95, 2000  # share of ink within its own bounds, and pixels of these, from which it is a bar
UNEVEN = 48  # grey levels between the paper's lightest and darkest part; on lines of IAM at most 27
EVEN_PAPER = 230  # grey value of paper that was made even


def histogram(grey: np.ndarray) -> np.ndarray:
    """Count the pixels of each grey value of a line, uint8 of two dimensions; float64 (256,)."""
    # Pillow's counts in place; numpy's bincount makes eight bytes of each pixel first.
    return np.array(Image.fromarray(grey).histogram(), float)


def paper_and_ink(grey: np.ndarray) -> tuple[int, int]:
    """Grey values (paper, ink) of a line, dark on light, uint8 of two dimensions.

    Paper is the upper quartile, ink the darkest hundredth. Where that much is not darker than the paper, but a smaller
    share clearly is, ink is that share's. A blank line has ink that is less than MIN_CONTRAST darker than its paper.
    """
    return _paper_and_ink(histogram(grey))[:2]


def levels(counts: np.ndarray) -> tuple[int, int, int]:
    """Return paper and ink as above, from a histogram, and the threshold: what is not lighter is ink.

    It is Otsu's, or where ink is a small share, which Otsu's would not see, in the middle between paper and ink.
    """
    paper, ink, is_faint = _paper_and_ink(counts)
    return paper, ink, (paper + ink) // 2 if is_faint else otsu(counts)


def otsu(counts: np.ndarray) -> int:
    """The grey value that parts dark from light best: ink is what is not lighter than it.

    Maximises the variance between the two classes of a histogram of 256 grey values (N. Otsu, A threshold selection
    method from gray-level histograms, IEEE Trans. Systems, Man and Cybernetics 9:62-66, 1979).
    """
    values = np.arange(len(counts))
    dark, total = np.cumsum(counts), counts.sum()
    moment = np.cumsum(counts * values)
    between = (moment[-1] * dark - moment * total) ** 2 / np.maximum(dark * (total - dark), 1)
    return int(np.argmax(between))


def appearance(grey: np.ndarray) -> tuple[bool, bool]:
    """Whether a line, uint8 (height, width), is light on dark, and whether it holds writing."""
    middle = _plain_middle(grey)
    if middle is not None and not _is_bar(_some(grey) <= middle, SOLID - 0.2, 1):
        return False, True
    negative = _is_negative(grey)
    counts = histogram(grey)[::-1] if negative else histogram(grey)
    paper, ink, _ = _paper_and_ink(counts)
    middle = (paper + ink) // 2
    dark = grey >= 255 - middle if negative else grey <= middle
    return negative, paper - ink >= MIN_CONTRAST and not _is_bar(dark)


def dark_on_light(grey: np.ndarray) -> np.ndarray:
    """Return a line, uint8 (height, width), as dark ink on light paper; the line itself if it is."""
    return 255 - grey if _plain_middle(grey) is None and _is_negative(grey) else grey


def evenly_lit(grey: np.ndarray) -> np.ndarray:
    """Return a line, dark on light, uint8 (height, width), with shadows taken out; the line itself if it has none."""
    paper = _of_blocks(grey, 0.9, 2, least=32, every=3)
    if int(paper.max()) - int(paper.min()) <= UNEVEN:
        return grey
    light = np.maximum(_enlarged(_of_blocks(grey, 0.9, 3, every=1), grey.shape), 1)
    return np.clip(grey * (EVEN_PAPER / light), 0, 255).astype(np.uint8)


def _paper_and_ink(counts: np.ndarray) -> tuple[int, int, bool]:
    total = np.cumsum(counts)
    paper, ink, faint = (int(v) for v in np.searchsorted(total, total[-1] * np.array([0.75, 0.01, FAINT_SHARE])))
    is_faint = paper - ink < MIN_CONTRAST and paper - faint >= FAINT_CONTRAST
    return paper, faint if is_faint else ink, is_faint


def _some(grey: np.ndarray) -> np.ndarray:
    """Return a thousand pixels or so of a line, evenly spaced."""
    return grey[:: grey.shape[0] // 24 + 1, :: grey.shape[1] // 64 + 1]


def _plain_middle(grey: np.ndarray) -> int | None:
    """Return the grey value between paper and ink where some pixels leave no doubt that ink is dark, else None."""
    some = _some(grey).ravel()
    places = (some.size // 100, int(DOUBTFUL * some.size), some.size * 3 // 4)
    ink, darker, paper = np.partition(some, places)[list(places)].tolist()
    middle = int(paper + ink) // 2
    return middle if paper - ink >= 2 * MIN_CONTRAST and darker > middle else None


def _is_negative(grey: np.ndarray) -> bool:
    """Whether much of a line is dark, and what stands out from its surroundings is lighter than they are.

    Much darkness alone may be a shadow.
    """
    counts = histogram(grey)
    if counts[: otsu(counts) + 1].sum() <= NEGATIVE * counts.sum():
        return False
    difference = grey.astype(np.int16) - _enlarged(_of_blocks(grey, 0.5, 2), grey.shape)
    return bool(np.count_nonzero(difference > MIN_CONTRAST) > np.count_nonzero(difference < -MIN_CONTRAST))


def _is_bar(dark: np.ndarray, solid: float = SOLID, least: int = BAR) -> bool:
    """Whether ink, bool (height, width), fills its own bounds; what is smaller than `least` pixels may be a dash."""
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not len(rows):
        return True
    within = dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return bool(within.size >= least and within.mean() >= solid)


def _of_blocks(grey: np.ndarray, quantile: float, bands: int, least: int = 8, every: int = 2) -> np.ndarray:
    """A quantile of the grey values in each of some bands of square blocks, uint8; looks at some pixels of each."""
    height, width = grey.shape
    side = max(least, height // bands)
    rows, columns = max(1, height // side), max(1, width // side)
    some = grey[: rows * (height // rows), : columns * (width // columns)]
    blocks = some.reshape(rows, height // rows, columns, width // columns)[:, ::every, :, :: every * every]
    values = np.moveaxis(blocks, 1, 2).reshape(rows, columns, -1)
    return np.partition(values, place := int(quantile * (values.shape[2] - 1)), axis=2)[:, :, place]


def _enlarged(blocks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(Image.fromarray(blocks).resize((shape[1], shape[0]), Image.Resampling.BICUBIC), np.int16)
