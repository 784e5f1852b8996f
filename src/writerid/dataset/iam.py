"""Knowing the IAM database by what is in it, whatever its file is called."""

from collections.abc import Mapping

_LEAST = 3
# A form and its writer each, of the writers with the most forms.
_WRITERS = dict(
    pair.split(":")
    for pair in (
        "a02-024:025 a02-090:026 a02-111:037 a03-050:000 a06-147:085 b05-067:118 b06-079:130 b06-093:125 b06-097:123 "
        "b06-110:126 c03-081a:150 c03-081b:151 c03-081c:152 c03-081d:153 c03-081e:154 c03-081f:155 c06-027:128 "
        "c06-043:133 d06-020:173 d06-030:174 d06-086:208 d06-096:206 d06-100:207 d06-104:205 d06-111:203 d07-093:209 "
        "e06-003:204 e06-006:202 e07-083:247 e07-101:248 g04-011:273 g06-037b:333 g06-037c:334 g06-037e:336 "
        "g06-037f:337 g06-037g:338 g06-037h:339 g06-037i:340 g06-037j:341 g06-037k:342 g06-037l:343 g06-037m:344 "
        "g06-037n:345 g06-037o:346 g06-037p:347 g06-037r:348 g06-042a:332 g06-042d:335 g06-105:349 h06-096:384 "
        "j06-030:415 m06-076:552 n02-114:315 n06-119:588 n06-175:551 p03-096:567 p06-058:634 r06-011:635 r06-057:670 "
        "r06-115:671"
    ).split()
)


def is_iam(writers: Mapping[str, str]) -> bool:
    """Whether forms are IAM's, from the writer of each: some that are known are there, and none by someone else."""
    # In a table or in folders a form's name has the writer's before it.
    held = [(form.rpartition("/")[2], writer) for form, writer in writers.items()]
    known = [_WRITERS[form] == writer for form, writer in held if form in _WRITERS]
    return len(known) >= _LEAST and all(known)
