"""What would make a goal clearer, said only when sure."""

from collections.abc import Sequence

from models.goals import GoalPart, Hint
from models.language import foreign_language
from models.neutral import neutral_terms
from models.terms import stem, weight
from recommender.wordclass import word_class

TELLING = 1.0  # decades: "nurse" has 2.1, "teacher" 1.4; a wish with no rarer word is vague

# Words that wishes for a better working life hold whatever the field.
_GENERIC = frozenset(
    stem(word)
    for word in """
    able accountability accountable achieve advance advancement adventure advice advise adviser
    advisor afraid afternoon again age ahead aim alive alone amazing ambition ambitious
    anticipation anxious anymore anyway apologise apologize application apply appreciate
    appreciated around arrive asap ask aspiration aspire attention attitude aware background bad
    balance basic become beginning behave behind belief believe benefit best better big bit
    blessed bold boost bored boring boss brave bright brighten brilliant broaden brutal btw
    buddy build bunch burn burned burnout busy calm can't cant career carreer carrier ceiling
    challenge challenging chance change cheerful choice choose clarity clear cleverer coach
    colleague colour comfort comfortable committed communicate communication company complete
    confidence confident confused connect connection consider constructive contact contribute
    courage courageous cover creative cross crossroads curious current cv damn dare day dear
    decide decision deep deeply deserve desire desk develop development didnt different
    difficult direct direction discover discovery discussion dissatisfaction dissatisfied doesnt
    don't dont door doubt dream duty dynamic eager earn earning easy effective effort employ
    employee employer employment encourage end energy engage enjoy enough enthusiasm environment
    evening everyday evolve exam excel excellent exchange excited exciting exist existence
    expand expect expectation experience experienced expert expertise explore express face fail
    failure fair familiar family fast favour fear fed feedback feel feeling field figure find
    fine fit flexibility flexible flourish focus follow force form forward fraud free fresh
    friend frustrated fulfil fulfill fulfilled fulfilling fulfillment fulfilment full fun future
    gain gap general genuine gift given glass global goal god gone good goodness grasp grateful
    great grow growth guidance guide habit happen happier happiness happy hard harder
    hardworking head heart hello help helpful hesitate hi high hire honest honestly honour hope
    hour hungry hurry i'm idea ideal identify idk ignite im imagine impact important imposter
    impostor improve improvement improving income increase independent individual industries
    industry influence inner insecure insight inspiration inspire inspired inspiring intention
    interest interested interesting internal international introduce introduction isn't issue
    ive job join journey joy judge junior kind kinda kindly know knowhow knowledge lack ladder
    last later law-abiding lead leader leadership learn less lesson level life lifelong light
    limit linkedin list listen live lol lonely long look lost lot love luck luckily lucky madam
    main major make manage management manager master match mate matter mature maybe mean meaning
    meaningful mediocre meet mental mentality mentee mentor mentorship mess method mid milestone
    mind mindset mine miss mistake moment money month mood morning motivate motivated motivating
    motivation move name nervous network networking new next nice number objective obliged offer
    ok okay older open opinion opportunities opportunity option order ordinary organise organize
    otherwise outside over overall overcome overwhelmed own pace paid panic partner passion
    passionate past path patience pay peace people perform performance period permanent person
    personal personality perspective phase piece place plan please pls point polish position
    positive possess possibility possible potential power practical pray prepare present
    pressure prestigious primary prioritise prioritize priority problem process procrastinate
    procrastination productive productivity profesional profession professional professionally
    profile progress progression promote promoted promotion proper properly prosperity
    prosperous proud prove purpose push quality question quick quickly quiet quit raise random
    rather reach ready real realise realistic really reason reassurance recognise recognised
    recognition recommend regard regards reinvent rejected relationship reliable remain
    reputation require resilience resilient respect respected respond responsibility responsible
    rest restart result resume review reward rewarding rich right rise road roadmap role routine
    rut safe salary same satisfaction satisfied satisfy save scared scary search second sector
    secure security seek self senior sense serious shape share shine shit show shy sick side
    sincere sincerely single sir situation size skill sky slow slowly small smart social society
    soft solid solution solve somehow somewhere soon sooner sorry sort soul spark speak special
    specific spirit stability stable stage stagnant stand standard standing start state stay
    steady step stimulating stop story straight strength stress stressed stressful strong
    struggle stuck stuff style succeed succesful success successful sucess sugarcoat suggest
    suggestion suit suitable support supportive sure surely surround survive switch talent
    talented talk target task tbh team tell thankful thing think thrive thx time tip tired title
    today together tomorrow top touch tough toward track train training transition trapped
    trouble true trust truth try turn type u ultimate uncertain unclear underpaid understand
    undervalued unhappy unique unlock unmotivated unsure upgrade ur useful useless valuable
    value valued variety various versatile version view visibility visible vision voice wage
    wait weak weakness wealth wealthy week weigh welcome well whole win winner wisdom wise wish
    won't wonder word work work-life worker workload workplace world worried worry worth
    worthless worthy wrong year yet young yourself zone
    """.split()  # noqa: SIM905 (a list of quoted words is harder to read)
)
_NAMING = frozenset(("N", "Ns", "V", "VED", "VING"))  # sorts of words that can name something

SILENT = 0.35
"""A text asks for nothing when no part of it is a wish with at least this chance."""

FEWEST_WORDS = 4  # "Adobe Illustrator" is a goal, if a terse one

_SAY_MORE = {
    "feedback": "Say what you would like looked at, and which field or role it is for.",
    "network": "Name the field, role or place of the people you want to meet.",
    "skills": "Name the skill or field you want to learn.",
    "giving_back": "Name the field you work in, and whom you lead or want to help.",
}
_NAME_THE_ROLE = "Name the role or field you want to move to."


def hints(text: str, parts: Sequence[GoalPart], wishes: Sequence[float]) -> tuple[Hint, ...]:
    """The hints about a goal, at most one; `wishes` are how likely each part is a wish, 0..1."""
    language = foreign_language(text)
    if language:
        said = "This goal does not read as English; matching works best in English."
        return (Hint("not_english", said, (("language", language),)),)
    if max(wishes) < SILENT and len(text.split()) >= FEWEST_WORDS:
        return (Hint("no_wish", "Say what you want to reach or learn."),)
    if not any(_tells(text[term.start : term.end].lower()) for term in neutral_terms(text)):
        return (Hint("vague", _vague(parts)),)
    return ()


def _tells(term: str) -> bool:
    """Whether a word names a field, a role or a situation."""
    return any(
        weight(word) > TELLING
        and word_class(word) in _NAMING
        and _GENERIC.isdisjoint((stem(word), stem(word.removesuffix("er")), word.removesuffix("r")))
        for word in term.replace("’", "'").split("-")  # noqa: RUF001
        if word
    )


def _vague(parts: Sequence[GoalPart]) -> str:
    """What to add: to a request for feedback another thing than to a wish to move."""
    kinds = [part.help for part in parts if part.help]
    return _SAY_MORE.get(kinds[0], _NAME_THE_ROLE) if kinds else _NAME_THE_ROLE
