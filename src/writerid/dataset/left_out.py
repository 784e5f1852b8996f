"""Why an image takes no part."""

from typing import NamedTuple

REASONS = {
    "no_form": "the name follows neither FORM-sNN-NN nor FORM-NN, and no table names the file",
    "no_writer": "neither a table nor a folder says who wrote it",
    "repeated_name": "another image has the same name",
    "unreadable": "not an image that can be read: damaged, cut off, encrypted, or of a kind that must be converted",
    "too_large": "too many pixels, bytes or pages to be a line or a page of lines",
    "too_small": "lower or narrower than min_size",
    "no_ink": "blank, without contrast, or a solid bar",
    "page": "a page whose lines cannot be told for sure; put an ALTO or PAGE XML file beside it",
    "label": "a line of a page that is tagged or worded as a label or print, or has no place on it",
    "bad_layout": "the page's ALTO or PAGE XML file cannot be used",
    "duplicate": "the same pixels as another image",
    "few_forms": "the writer has fewer forms than min_forms",
    "not_top": "the writer is not among the top_writers",
}


class LeftOut(NamedTuple):
    """An image that takes no part, and why: `reason` is a key of REASONS."""

    path: str
    reason: str
    detail: str
