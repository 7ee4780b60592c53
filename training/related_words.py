"""Make the table of related words, `models/related.npz`, from word frequencies and the plain model.

A stem stands for the commonest word that has it. Two stems are related when the cosine of their
words is above 0.5; a match is then worth the square of that cosine. `make eval` has a row without
related words. The default encoder, which knows careers, made no better table when it was tried.
"""

import numpy as np
from numpy.typing import NDArray

from models.encoder import SentenceTransformerEncoder
from models.related import FILE, STEPS
from models.terms import frequencies, stem
from models.weights import PLAIN_MODEL

COMMONEST = 20_000  # more gained nothing: rarer words are names, and terms of art matched exactly
NEAREST = 32  # a stem; place names would have two hundred
CUT = 0.5
AT_ONCE = 2_000

# "Women in tech" must not find men: no word of one side is related to a word of the other.
_FEMALE = (
    "woman women womanhood female females feminine femininity girl girls girlfriend lady ladies "
    "mother mothers motherhood mum mom mama wife wives widow daughter daughters sister sisters "
    "sisterhood aunt niece grandmother queen princess actress waitress hostess businesswoman "
    "chairwoman spokeswoman saleswoman bride feminist feminism heroine"
)
_MALE = (
    "man men manhood male males masculine masculinity boy boys boyfriend gentleman gentlemen guy "
    "guys father fathers fatherhood dad papa husband husbands widower son sons brother brothers "
    "brotherhood uncle nephew grandfather king prince actor waiter host businessman chairman "
    "spokesman salesman groom patriarchy hero"
)


def main() -> None:
    """Write the table."""
    words = commonest_words()
    stems = sorted(words)
    rows = SentenceTransformerEncoder(PLAIN_MODEL).encode_passages([words[one] for one in stems])
    first, neighbours, credits = [0], [], []
    sides = _sides(stems)
    for begin in range(0, len(stems), AT_ONCE):
        cosines = rows[begin : begin + AT_ONCE] @ rows.T
        for i, row in enumerate(cosines, start=begin):
            near = nearest(row, i, sides)
            neighbours += near.tolist()
            credits += np.rint(STEPS * row[near] ** 2).astype(int).tolist()
            first.append(len(neighbours))
    np.savez_compressed(
        FILE,
        stems=np.frombuffer("\n".join(stems).encode(), dtype=np.uint8),
        first=np.asarray(first, dtype=np.int32),
        stem=np.asarray(neighbours, dtype=np.uint16),
        credit=np.asarray(credits, dtype=np.uint8),
    )
    print(
        f"{FILE.name}: {len(stems):,} stems, {len(neighbours):,} pairs, {FILE.stat().st_size:,} B"
    )


def commonest_words() -> dict[str, str]:
    """The commonest stems, each with the commonest word that has it."""
    found: dict[str, str] = {}
    for word, _ in sorted(frequencies().items(), key=lambda pair: (-pair[1], pair[0])):
        if word.isascii() and word.replace("'", "").isalpha():
            found.setdefault(stem(word), word)
        if len(found) == COMMONEST:
            break
    return found


def nearest(cosines: NDArray[np.float32], own: int, sides: list[int]) -> NDArray[np.int64]:
    """The columns related to `own`, nearest first."""
    near = [i for i in np.flatnonzero(cosines > CUT) if i != own and sides[i] * sides[own] != -1]
    return np.asarray(sorted(near, key=lambda i: (-cosines[i], i))[:NEAREST], dtype=np.int64)


def _sides(stems: list[str]) -> list[int]:
    female, male = ({stem(word) for word in words.split()} for words in (_FEMALE, _MALE))
    return [(one in female) - (one in male) for one in stems]


if __name__ == "__main__":
    main()
