"""English sentences drawn at random from a few hundred common words and a very small grammar."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

DETERMINERS = "the the the a this that his her their our your my every another each some no any one".split()
ADJECTIVES = """
    old young little great long short small large early late quiet loud bright dark heavy light warm cold
    good bad kind strange simple careful happy sad open empty full new red green blue white black grey
    brown yellow deep wide narrow quick slow strong weak clean broken soft hard rich poor busy lazy
    famous common public private wooden modern final second third whole single double plain
    fresh sweet sharp smooth rough gentle proud brave
""".split()
NOUNS = """
    man woman child boy girl friend mother father brother sister doctor teacher king queen captain
    farmer writer judge student neighbour soldier baker house home door window room table chair garden
    street road bridge river lake sea boat ship train car city town village country field forest tree
    flower bird horse dog cat fish cow sheep book page letter word story song picture paper pencil pen
    question answer problem reason idea plan law court office school church market shop price penny
    money bank bill job work game party meeting minister government office morning evening night
    day week month year summer winter spring autumn hour moment time place corner wall roof kitchen
    box key lamp bell clock coat hat shoe bread butter cheese egg apple milk water tea coffee sugar
    salt fire smoke wind rain snow cloud sun moon star stone hill valley island map number piece half
    voice face hand eye heart head back foot journey visit view quality exhibit jacket
""".split()
VERBS = """
    took gave made found lost kept left saw heard knew liked loved wanted needed carried brought bought
    sold opened closed built broke changed followed watched called asked answered helped visited
    remembered forgot finished began moved pushed pulled cleaned filled covered crossed reached
    passed met joined feared noticed expected enjoyed offered refused accepted described explained
    believed wrote read sent showed used painted
""".split()
PREPOSITIONS = """
    in on at by near under over behind before after beside across along through without with from
    towards around against between during inside beyond until
""".split()
ADVERBS = """
    often never always soon quickly slowly quietly suddenly finally perhaps again already almost still
    just only nearly hardly really usually early together
""".split()
PRONOUNS = "he she it we they you everybody nobody somebody".split()
CONJUNCTIONS = "and but so because while when although if as since though or".split()
OPENINGS = "yesterday today meanwhile however indeed later sometimes now then here there".split()

MOST_WORDS_SKIPPED = 9  # a line may begin in the middle of a sentence


def _one_of(words: list[str], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]


def _noun_phrase(rng: np.random.Generator) -> list[str]:
    if rng.random() < 0.3:
        return [_one_of(PRONOUNS, rng)]
    adjective = [_one_of(ADJECTIVES, rng)] if rng.random() < 0.5 else []
    return [_one_of(DETERMINERS, rng), *adjective, _one_of(NOUNS, rng)]


def _clause(rng: np.random.Generator) -> list[str]:
    words = _noun_phrase(rng)
    if rng.random() < 0.3:
        words.append(_one_of(ADVERBS, rng))
    words += [_one_of(VERBS, rng), _one_of(DETERMINERS, rng), _one_of(NOUNS, rng)]
    if rng.random() < 0.5:
        words += [
            _one_of(PREPOSITIONS, rng),
            _one_of(DETERMINERS, rng),
            _one_of(ADJECTIVES, rng),
            _one_of(NOUNS, rng),
        ]
    return words


def _sentence(rng: np.random.Generator) -> list[str]:
    """One sentence as words; commas and the full stop belong to the word before them."""
    words = _clause(rng)
    if rng.random() < 0.2:
        words = [f"{_one_of(OPENINGS, rng)},", *words]
    if rng.random() < 0.4:
        words[-1] += ","
        words += [_one_of(CONJUNCTIONS, rng), *_clause(rng)]
    return [words[0].capitalize(), *words[1:-1], f"{words[-1]}."]


def _running_text(rng: np.random.Generator) -> Iterator[str]:
    while True:
        yield from _sentence(rng)


def words_of_a_line(rng: np.random.Generator) -> Iterator[str]:
    """Endless words of running text, from the beginning of a sentence half of the time."""
    skipped = int(rng.integers(1, MOST_WORDS_SKIPPED)) if rng.random() < 0.5 else 0
    return islice(_running_text(rng), skipped, None)
