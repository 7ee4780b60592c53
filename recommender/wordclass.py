"""What sort of word a word is, told from a short list and from its forms.

A parser would be exact and slow; a seam between two wishes only needs to know whether a word opens
a clause ("I", "how", "want"), is a verb ("learn", "passed") or names something. A word counts as a
verb when English also writes its other forms: "plan", "planning", "planned" (by the frequencies of
the wordfreq package), so that "juniors" and "harbour" do not.
"""

import functools

from models.terms import frequencies

_LISTED = {
    "I": "i i'm im i've ive i'd id i'll ill iam ich je yo eu io jag jeg ik mi mein meine meu "
    "minha mon ma mes",
    "WE": "we we're we've we'd we'll",
    "THEY": "he she they it it's its' you u he's she's they're there there's everyone everybody "
    "nobody thats this",
    "MY": "my our your his her their its",
    "WISH": "want wanna wants wish like love need needs hope hoping looking seek seeking aim "
    "aiming plan planning trying dream goal prefer lf searching interested keen wondering curious "
    "möchte will quiero quero voudrais veux vorrei suche busco cherche procuro",
    "WH": "how what which who where why whether what's who's how's whats hows whos whose wie was "
    "wer wo warum ob comment quoi qui quel quelle quand pourquoi cómo qué quién quanto como "
    "quem onde dove chi cosa perché",
    "AUX": "is are am was were be been being do does did don't dont doesn't didn't can can't cant "
    "could should would won't shall may might must has have had isn't aren't haven't cannot "
    "couldn't ist bin habe est suis ai es soy tengo é sou tenho sono ho",
    "POLITE": "please pls plz kindly help thanks thank thx hi hello hey cheers dear ty",
    "SOME": "someone somebody anyone anybody some any people ppl others other one two three",
    "NUM": "four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty "
    "hundred",
    "DET": "a an the that these those each every no all both another such",
    "PREP": "in on at by for from to into of with without about after before since until till "
    "during over under between through as than near off out up down via per across around "
    "against towards toward im am an zu als für mit von de en à au aux dans pour con por da "
    "do di del la el le les der die das den dem um uma un una il lo los las des du",
    "SUB": "if when whenever although though because unless once whereas",
    "CONJ": "and but so or while yet then also plus later nor und et y e aber mais pero mas og och "
    "maar oder ou o damit porque weil",
    "ADV": "not never only just really very too still now today currently here maybe perhaps "
    "already always again often soon ideally honestly even especially esp mostly rather "
    "quite much more less most better first second third finally next last lately recently "
    "afterwards far",
}
_CLASSES = {
    word: sort for sort, words in reversed(_LISTED.items()) for word in words.split()
}  # of a word listed twice the first sort counts
_PAST = frozenset(
    """
    went got left lost took made came found won began became ran sold built grew taught told said
    felt kept led met paid read spent thought wrote bought drove broke chose fell flew gave heard
    held knew sent sat slept spoke stood understood wore done gone seen given taken born laid
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)
_IRREGULAR = frozenset(
    """
    go get leave lose take make come find win begin become run sell build grow teach tell say feel
    keep lead meet pay spend think write buy drive break choose fall fly give hear hold know send
    sit sleep speak stand understand wear see let put cut quit land swap learn stop start show hire
    """.split()  # noqa: SIM905
)
_SHARE = 0.03
"""A verb's -ing and -ed forms are at least this share as frequent as its bare form; of 1,000
phrases this left out no verb and let in only nouns that are verbs too ("plan", "train")."""


@functools.lru_cache(maxsize=50_000)
def word_class(word: str) -> str:
    """The sort of a lower-case word: one of the listed ones, NUM, V, VED, VING, Ns or N."""
    if word in _CLASSES:
        return _CLASSES[word]
    if word[0].isdigit():
        return "NUM"
    if word in _PAST:
        return "VED"
    if _is_verb(word):
        return "V"
    if word.endswith("ing") and _any_verb(word[:-3], word[:-3] + "e", word[:-4]):
        return "VING"
    if word.endswith("ed") and _any_verb(word[:-2], word[:-1], word[:-3]):
        return "VED"
    return "Ns" if word.endswith("s") and not word.endswith("ss") else "N"


def ending(word: str) -> str:
    """What a word ends in, where that tells something of it, else the empty text."""
    endings = ("ing", "ed", "ist", "er", "or", "ian", "ment", "tion", "s")
    return next((e for e in endings if len(word) > len(e) + 2 and word.endswith(e)), "")


def _any_verb(*stems: str) -> bool:
    return any(_is_verb(stem) for stem in stems)


def _is_verb(word: str) -> bool:
    if word in _IRREGULAR:
        return True
    if len(word) < 2 or not word.isalpha():  # noqa: PLR2004 (a letter is no verb)
        return False
    stem = word.removesuffix("e")
    last = word[-1]
    doing = _commonest(stem + "ing", word + last + "ing", word + "ing")
    done = _commonest(stem + "ed", word + last + "ed", word[:-1] + "ied" if last == "y" else word)
    own = frequencies().get(word, 0.0)
    return own > 0 and min(doing, done) > _SHARE * own


def _commonest(*words: str) -> float:
    return max(frequencies().get(word, 0.0) for word in words)
