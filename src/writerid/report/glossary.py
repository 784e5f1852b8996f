"""The technical terms of the page, each explained in one plain sentence, and the links that lead there."""

import re

from markupsafe import Markup, escape

TERMS = {
    "form": "One sheet of handwriting by one writer; it holds several lines.",
    "crop": "A piece of a line, as wide as a word or two: what the network sees at a time.",
    "network": (
        "The program that learns: layers of small pattern detectors, whose numbers are adjusted on examples until it "
        "names the right writers."
    ),
    "training side": "The lines that the network learns from.",
    "validation side": "Lines kept out of training, by which the best epoch is chosen and confidence is calibrated.",
    "test side": "Lines used for nothing but measuring: the network has never seen them.",
    "95 % interval": (
        "The range in which the true value lies in about 95 of 100 cases; wide where there is little to measure by. It "
        "counts forms, since the lines of one form are alike, and looks at how much forms differ."
    ),
    "IAM": (
        "A public collection of English handwriting, scanned forms of some 650 writers (U. Marti and H. Bunke, 2002); "
        "the published reference uses 50 of them."
    ),
    "epoch": "A round of training, after which the network is tried on the validation side.",
    "loss": (
        "How wrong the network is, counting how sure it was: the number that training makes small. 0 would be right "
        "each time, and fully sure."
    ),
    "dropout": (
        "Switching parts of the network off at random while it learns, so that it does not lean on a few details."
    ),
    "label smoothing": (
        "Asking a little less than full certainty of the network in training, so that it does not become overconfident."
    ),
    "augmentation": "Changing crops a little while the network learns, so that it has seen more ways to write.",
    "batch normalisation": (
        "Keeping the values in each layer in one range while the network learns, so that it can take larger steps."
    ),
    "confidence": "How sure the network says it is: the probability it gives to the writer it names.",
    "calibration": (
        "Mending how sure the network says it is, so that of the lines of which it is 90 % sure, 90 % are right; who "
        "is named does not change."
    ),
    "expected calibration error": "How far, on average, its confidence is from how often it is right (short: ece).",
    "temperature": (
        "The one number by which calibration divides the network's scores, fitted on the validation side: above 1 it "
        "makes it less sure, below 1 surer."
    ),
    "accuracy": "The share of decisions that are right.",
    "top-5 accuracy": "The share of decisions in which the true writer is among the five most likely.",
    "balanced accuracy": "Accuracy averaged over writers, so that one with many lines counts no more than the rest.",
    "macro F1": (
        "For each writer, one number for both how many of the writer's lines are found and how few of others' are "
        "taken for them, averaged over writers; 100 % is best."
    ),
    "negative log-likelihood": (
        "How surprised the network is by the true writer (short: nll): 0 where it was sure of that writer, the larger "
        "the less it was."
    ),
    "confusion matrix": "A table with a row for each writer and a column for each name given: who is taken for whom.",
    "unseen writer": "A writer of whom the network has seen no line in training; short: a hand it has never met.",
    "mAP": (
        "Mean average precision: each document asks for the others by its writer among all that are not of its own "
        "form; 100 % where these always come before all others."
    ),
    "top-1": "How often the document that is most like the one that asks is by the same writer.",
    "hard top-2": "How often both of the two documents that are most like the one that asks are by the same writer.",
    "equal error rate": (
        "Where the line between \u201cone writer\u201d and \u201ctwo\u201d is drawn so that both mistakes are equally "
        "frequent: how frequent they are (short: EER). 0 is best, 50 % is guessing."
    ),
    "likelihood ratio": (
        "How many times likelier two documents as alike as these are if one person wrote both than if two people did. "
        "1 says nothing; below 1 speaks for two. It is no probability that one person wrote both: that also depends on "
        "what was known before."
    ),
    "ELUB": (
        "Empirical bounds of likelihood ratios: beyond them, with one more pair that misleads, one would decide better "
        "without the ratios. Few writers allow only narrow bounds."
    ),
    "Cllr": (
        "What likelihood ratios cost, in bits, averaged over pairs: 0 is perfect, 1 is what it costs to say nothing; "
        "strong claims that are wrong cost most. Discrimination is the part that no other reading of the same "
        "likenesses could save; calibration is the rest."
    ),
    "Tippett's curves": (
        "Of the pairs by one writer, and of those by two, the share whose likelihood ratio is at least so high: the "
        "further apart the curves, the better."
    ),
    "empirical cross-entropy": (
        "How much is still not known, in bits, after the likelihood ratio is told, by the odds there were beforehand "
        "(also short: ECE, as the expected calibration error, which is another thing)."
    ),
    "open set": (
        "The test in which some documents are by nobody that the network knows: it has to name the others and to "
        "refuse these."
    ),
    "AUROC": (
        "How often the network is surer of a known writer's document than of one by somebody it has never met: 50 % is "
        "guessing, 100 % best."
    ),
    "DIR": (
        "Detection and identification rate: of known writers' documents, the share that are named right and not "
        "refused, where only 1 % or 5 % of the strangers' documents pass (false alarms)."
    ),
    "enrolment": (
        "Telling a finished network of a writer it has never met by a few lines, without training it anew: their "
        "embedding is kept, and other lines are compared with it."
    ),
    "integrated gradients": (
        "A way to find the ink that speaks for a decision: the writing is faded in from blank paper, and each dot of "
        "ink is credited with what it adds to the score on the way."
    ),
    "gradient x input": "A quicker, rougher way: how much the score would change with each dot of ink, times the ink.",
    "Grad-CAM": "A coarse way: which regions of the last layer's pattern maps speak for the decision.",
    "deletion": (
        "A test of such marks: the marked ink is wiped out first; if confidence falls fast, the marks are true."
    ),
    "insertion": (
        "The same the other way round: onto blank paper the marked ink is put first; confidence should rise fast."
    ),
    "t-SNE": (
        "A way to lay many things out on a plane so that those that are alike lie near one another; distances between "
        "far groups mean nothing."
    ),
    "layer": "A step of the network; the first sees single strokes, later ones combine what the earlier ones found.",
    "filter": "One pattern detector of a layer.",
    "stride": (
        "The step, in pixels, from one place to the next: of a filter over its image, or of the crops over a test line."
    ),
    "pooling": "Putting neighbouring values together into one, here the largest of four, which halves a map's sides.",
    "embedding": (
        "The numbers by which the network, just before it decides, describes a crop or a line; what it finds alike has "
        "like numbers."
    ),
    "gradient ascent": "Changing an image bit by bit so that a filter answers more strongly.",
    "MD5": "A fingerprint of a file's content: the same MD5 is the same file, byte for byte.",
    "precision": (
        "The format of the numbers the network computes with: float32 has 32 bits each; mixed precision uses 16 bits "
        "for most of the work, which is faster on a GPU."
    ),
    "seed": "The number that all randomness follows from: the same seed, parameters and machine give the same run.",
}


def term(name: str, shown: str | None = None) -> Markup:
    """Return a link to a term's explanation, under its own name or as it is written where it stands.

    Raises KeyError where the term is not explained.
    """
    return Markup('<a class="term" href="#{}" title="{}">{}</a>').format(place(name), TERMS[name], shown or name)


def place(name: str) -> str:
    """Return the id of a term's explanation in the page."""
    return "term-" + re.sub(r"\W+", "-", name).strip("-").lower()


def linked(text: str, *names: str) -> Markup:
    """Return a sentence in which the first mention of each of some terms, also in the plural, is a link."""
    pattern = "|".join(rf"\b{re.escape(name)}s?\b" for name in sorted(names, key=len, reverse=True))
    told, end, waiting = Markup(""), 0, set(names)
    for match in re.finditer(pattern, text, re.IGNORECASE):
        name = next(n for n in names if n.lower() in (match[0].lower(), match[0].lower().removesuffix("s")))
        if name in waiting:
            waiting.remove(name)
            told += escape(text[end : match.start()]) + term(name, match[0])
            end = match.end()
    return told + escape(text[end:])
