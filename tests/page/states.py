"""The states of the page, for whoever looks at all of them."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.page.conftest import ASKED, GOAL, answering, ask, holding, until

SLOW = "document.querySelector('.searching').textContent.includes('Still looking')"
NOT_ONLINE = "document.querySelector('.problem h3')?.textContent === 'You are offline'"

NOTED = "document.querySelector('.opinion [role=status]').textContent.includes('noted')"
# The address of somebody who is not in the list, whose profile has to be asked for.
TO_NOBODY_LISTED = """async () => {
  const {points} = await (await fetch('/v1/map')).json();
  const others = points.filter(({mentor}) => !document.getElementById(`mentor-${mentor}`));
  history.replaceState(null, '', `?mentor=${encodeURIComponent(others.at(-1).mentor)}`);
}"""


class Words(NamedTuple):
    """What is written on the way: goals that are answered, vague, or answered by nobody.

    `country`: one where nobody is.
    """

    goal: str
    vague: str
    unfit: str
    country: str


OF_FAKES = Words(GOAL, "I want to grow and find my way", "a lawyer in court", "BR")


def walk(page, words: Words = OF_FAKES) -> Iterator[str]:
    """Every state of the page, by name, one after the other."""
    page.wait_for_selector(".quiet circle")
    yield "empty"
    yield from _writing(page, words)
    yield from _found(page, words)
    yield from _looked_at(page)
    yield from _kept(page)
    yield from _narrowed(page, words)
    yield from _in_trouble(page, words)
    yield from _elsewhere(page, words)


def _writing(page, words: Words) -> Iterator[str]:
    page.click("button[type=submit]")
    page.wait_for_selector("#goals-wrong")
    yield "nothing written"
    page.fill("#goals", words.vague)
    page.wait_for_selector(".live .hints li")
    yield "live hints"
    page.fill("#goals", words.goal + " and on" * 720)
    page.wait_for_selector("#goals-wrong")
    yield "too long"


def _found(page, words: Words) -> Iterator[str]:
    with holding(page) as held:
        page.fill("#goals", words.goal)
        page.wait_for_selector(".live .parts li")
        page.click("button[type=submit]")
        page.wait_for_selector(".skeleton")
        yield "loading"
        until(page, SLOW)
        yield "slow"
        held[0].continue_()
    page.wait_for_selector(".chosen .star")
    yield "results"
    page.click(".less .text >> nth=1")
    page.wait_for_selector(".others .standing >> nth=2")
    yield "why not someone else"
    page.click(".less .text >> nth=1")


def _looked_at(page) -> Iterator[str]:
    page.focus(".sky")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".star-label")
    yield "map"
    page.keyboard.press("+")
    page.keyboard.press("+")
    yield "map zoomed"
    page.keyboard.press("0")
    page.click(".in-words summary")
    page.wait_for_selector(".in-words[open]")
    yield "map in words"
    page.click(".in-words summary")
    page.wait_for_selector(".in-words:not([open])")
    page.click(".card .secondary >> nth=0")
    page.wait_for_selector("dialog[open]")
    yield "profile"
    page.click("dialog summary")
    page.check("dialog input[type=radio] >> nth=0")
    until(page, NOTED)
    yield "opinion"
    page.keyboard.press("Escape")
    page.click(".card .toggle >> nth=1")
    page.click("li:nth-child(2) .toggle >> nth=1")
    yield "two to compare"
    page.click(".tray .primary")
    page.wait_for_selector("dialog.compare")
    yield "side by side"
    page.keyboard.press("Escape")
    page.click(".tray .text")


def _kept(page) -> Iterator[str]:
    page.click(".top nav button")
    page.wait_for_selector("#saved")
    yield "nobody saved"
    page.click(".back")
    page.click(".card .toggle >> nth=0")
    page.click(".less .text >> nth=0")
    yield "set aside"
    page.click(".top nav button")
    page.wait_for_selector("#saved")
    yield "saved"
    page.click(".back")
    page.click(".bring-back")


def _narrowed(page, words: Words) -> Iterator[str]:
    with holding(page) as held:
        page.select_option("#within", "8")
        page.wait_for_selector(".results.old")
        yield "filtering"
        held[0].continue_()
    until(page, "!document.querySelector('.results.old')")
    page.select_option("#country", words.country)
    page.wait_for_selector(".nobody")
    yield "nobody left"
    page.click(".nobody button")
    page.wait_for_selector(".card:not(.skeleton)")
    ask(page, words.unfit)
    until(page, "document.querySelector('.results-title').textContent.startsWith('Nobody')")
    yield "nobody fits"
    while page.locator(".card").count():
        page.click(".less .text >> nth=0")
    yield "everybody set aside"
    page.click(".bring-back")


def _in_trouble(page, words: Words) -> Iterator[str]:
    ask(page, words.goal)
    with answering(page, status=500, body="{}"):
        page.click(".after .more")
        page.wait_for_selector(".after .warning")
        yield "no more for now"
    for state, status, headers in (
        ("failed", 500, {}),
        ("busy", 429, {"Retry-After": "17"}),
        ("not allowed", 401, {}),
    ):
        with answering(page, status=status, headers=headers, body="{}"):
            page.fill("#goals", f"{words.goal} ")
            page.click("button[type=submit]")
            page.wait_for_selector(".problem")
            yield state
            page.fill("#goals", words.goal)
            page.click("button[type=submit]")
            until(page, "!document.querySelector('.skeleton')")
    page.context.set_offline(True)
    page.wait_for_selector(".banner")
    page.click(".problem button")
    until(page, NOT_ONLINE)
    yield "offline"
    page.context.set_offline(False)
    page.wait_for_selector(".card:not(.skeleton)")
    page.route(f"{ASKED}/explain", lambda route: route.abort())
    page.evaluate(TO_NOBODY_LISTED)
    page.reload()
    page.wait_for_selector("dialog .problem")
    yield "profile not loaded"
    page.unroute(f"{ASKED}/explain")


def _elsewhere(page, words: Words) -> Iterator[str]:
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector(".notice")
    yield "a link without goals"
    page.click(".top nav button")
    page.wait_for_selector("#saved")
    yield "saved without goals"
    page.route("**/v1/map", lambda route: route.abort())
    page.evaluate("history.replaceState(null, '', '/')")
    page.reload()
    until(page, "document.querySelector('.sky').textContent.includes('could not be loaded')")
    yield "no map"
    page.unroute("**/v1/map")
    nobody = {"index_version": "v", "map": None, "total": 0, "points": []}
    page.route("**/v1/map", lambda route: route.fulfill(json=nobody))
    page.route(ASKED, _without_anybody)
    page.reload()
    ask(page, words.goal)
    yield "no mentors"
    page.unroute("**/v1/map")
    page.unroute(ASKED)


def _without_anybody(route) -> None:
    answer = route.fetch()
    found = answer.json() | {"recommendations": [], "hints": [], "next": None, "map": None}
    route.fulfill(response=answer, json=found | {"abstained": False})


FIGURES = "**/v1/status"


def walk_status(page) -> Iterator[str]:
    """Every state of the operator's page, at a server that is open to this machine."""
    page.wait_for_selector(".tiles")
    yield "figures"
    page.route(FIGURES, _with_trouble)
    page.click("header .secondary")
    page.wait_for_selector(".bad")
    yield "figures with trouble"
    page.unroute(FIGURES)
    page.route(FIGURES, lambda route: route.abort())
    page.click("header .secondary")
    page.wait_for_selector(".trouble")
    yield "older figures"
    page.unroute(FIGURES)
    page.route(FIGURES, lambda route: route.fulfill(status=401, body="{}"))
    page.reload()
    page.wait_for_selector("#key")
    yield "a key is asked for"
    page.fill("#key", "mk_wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".trouble")
    yield "a key is refused"
    page.unroute(FIGURES)
    page.route(FIGURES, lambda route: route.abort())
    page.reload()
    page.wait_for_selector(".trouble")
    yield "no figures"
    page.unroute(FIGURES)


def _with_trouble(route) -> None:
    answer = route.fetch()
    found = answer.json()
    found["freshness"] |= {"not_followed": 3, "snapshot_at": None, "erasure_pending": True}
    found["encoder"] |= {"moving_to": "careers-2", "stuck": "The encoder careers-2 is not here."}
    found["refused"] = {"too many": 12, "no key": 3}
    route.fulfill(response=answer, json=found)
