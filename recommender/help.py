"""The kinds of help a mentor gives, and the words by which a goal asks for one."""

import re

# In order of precedence: a part that names a change of career asks for that before anything
# else it mentions, and "skills" is what remains when somebody wants to learn or do something.
_CUES = (
    (
        "transition",
        r"mov(?:e|ing) (?:in)?to|mov(?:e|ing) over|switch\w*|transition\w*|chang(?:e|ing) "
        r"(?:career|job|field)\w*|from \w+(?: \w+){0,3} (?:in)?to|leav(?:e|ing)|promot\w+|"
        r"become an? |becoming an? |com(?:e|ing) ashore|break(?:ing)? into|get(?:ting)? into|"
        r"return\w* (?:to|after)|redundan\w+|laid off|offers?\b|get out|out of|instead of",
    ),
    (
        "confidence",
        r"afraid|scared|fear\w*|confiden\w+|imposter|impostor|nervous|shy\b|anxi\w+|comfort zone|"
        r"waiting for them to find out|ashamed|doubt\w*|say(?:ing)? no\b",
    ),
    (
        "network",
        r"network\w*|introduc\w+|connections?\b|find (?:a |the )?(?:community|jobs?|clients|"
        r"customers|companies|investors)|meet (?:people|others)|referrals?|contacts?\b|"
        r"who (?:takes|buys|pays|will take)",
    ),
    (
        "giving_back",
        r"mentor others|mentoring others|giv(?:e|ing) back|lead(?:ing)? (?:a |my |the )?(?:team|"
        r"people|others)|leader(?:ship)?|manag(?:e|ing) (?:a |my |the )?(?:team|people|staff)|"
        r"be(?:ing|come)? (?:a |the )?(?:boss|manager|head)\b",
    ),
    (
        "feedback",
        r"feedback|critique|review(?:s|ed|ing)? my|look over|accountab\w+|portfolio|my cv|resume|"
        r"interview\w*|mock",
    ),
    (
        "direction",
        r"decid\w+|choos\w+|choice|torn between|should i|whether|which (?:path|way|one)|direction|"
        r"not sure|unsure|what (?:next|could i|else)|worth it|\bor\b",
    ),
    (
        "insight",
        r"what (?:is it|it is|it's|does|do) .{0,40}(?:like|really|involve|mean)|day to day|"
        r"understand|hear from|know more|how (?:does|is|do people)|career in|industry",
    ),
    (
        "skills",
        r"learn\w*|improv\w+|skills?\b|train\w*|exam\w*|certif\w+|prepar\w+|how (?:to|do i|can i)|"
        r"practi[sc]e|get better|stud(?:y|ying)|build\w*|set(?:ting)? up|make\b|writ(?:e|ing)",
    ),
)

KINDS = tuple(kind for kind, _ in _CUES)
_PATTERNS = tuple((kind, re.compile(rf"\b(?:{cues})", re.IGNORECASE)) for kind, cues in _CUES)


def help_wanted(text: str) -> str | None:
    """The kind of help a goal part asks for, or None where nothing tells."""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), None)
