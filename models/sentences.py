"""Where sentences begin and end, by the sentencex library."""

import re

import sentencex

# The library miscounts bytes around white space outside ASCII; one blank stands for one such
# character, so offsets stay true.
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")
# It knows "Mr." for an abbreviation, and not "Ms.".
_ADDRESS_DOT = re.compile(r"(?<=\bM[rsx])\.|(?<=\bMrs)\.")


def sentences(text: str) -> list[tuple[int, int]]:
    """Code-point offsets of the sentences of `text`; together they cover all of it."""
    spans, offset = [], 0
    plain = _ADDRESS_DOT.sub(",", _WIDE_SPACE.sub(" ", text))  # as many characters as before
    for segment in _segments(plain):
        spans.append((offset, offset + len(segment)))
        offset += len(segment)
    return spans


def _segments(text: str) -> list[str]:
    try:
        return list(sentencex.segment("en", text))
    except BaseException as error:
        # A panic inside the library is no Exception; a line is then the next best sentence.
        if type(error).__name__ != "PanicException":
            raise
        return text.splitlines(keepends=True)
