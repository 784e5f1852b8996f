"""Whether a dataset is IAM, by what is in it: its file's name says nothing."""

from collections.abc import Iterable

WRITERS = {  # of some forms, as published with IAM (U. Marti and H. Bunke, 2002)
    "a01-000u": "000", "n06-074": "588", "p06-030": "634", "m06-019": "551", "r06-090": "671", "m06-031": "552",
    "h06-079": "384", "r06-035": "670", "c03-000d": "153", "c03-000e": "154", "g06-011n": "345", "g06-011b": "333",
    "g06-011o": "346", "c03-000a": "150", "c03-000c": "152", "g06-011j": "341", "c03-000b": "151", "g06-011m": "344",
    "c03-000f": "155", "g06-011k": "342", "p06-242": "635", "g06-011h": "339", "g06-011c": "334", "g06-011r": "348",
    "j06-018": "415", "g06-011p": "347", "n02-098": "567", "g06-089": "349", "g06-011i": "340", "g06-011a": "332",
}  # fmt: skip
ENOUGH = 10  # of these forms


def is_iam(forms: Iterable[tuple[str, str]]) -> bool:
    """Whether (form, writer) pairs are those of IAM: ENOUGH of the forms above, each by its writer."""
    named = [WRITERS[form] == writer for form, writer in set(forms) if form in WRITERS]
    return len(named) >= ENOUGH and all(named)
