"""The states of the page, for whoever looks at all of them."""

from typing import NamedTuple

from tests.page.conftest import GOAL, ask, hold, until


class Words(NamedTuple):
    """What is written on the way: goals that are answered, vague, or answered by nobody.

    `country`: one where nobody is.
    """

    goal: str
    vague: str
    unfit: str
    country: str


OF_FAKES = Words(GOAL, "I want to grow and find my way", "a lawyer in court", "BR")


def walk(page, words: Words = OF_FAKES):
    """Every state of the page, by name, one after the other."""
    page.wait_for_selector(".quiet circle")
    yield "empty"
    page.fill("#goals", words.vague)
    page.wait_for_selector(".live .hints li")
    yield "live hints"
    ask(page, words.goal)
    page.wait_for_selector(".chosen .star")
    yield "results"
    page.click(".less .text >> nth=1")
    page.wait_for_selector(".others .standing >> nth=2")
    yield "why not someone else"
    page.focus(".sky")
    page.keyboard.press("ArrowRight")
    yield "map"
    page.click(".in-words summary")
    yield "map in words"
    page.click(".card .secondary >> nth=0")
    page.wait_for_selector("dialog[open]")
    page.click("dialog summary")
    yield "profile"
    page.keyboard.press("Escape")
    page.click(".card .toggle >> nth=1")
    page.click("li:nth-child(2) .toggle >> nth=1")
    yield "two to compare"
    page.click(".tray .primary")
    page.wait_for_selector("dialog.compare")
    yield "side by side"
    page.keyboard.press("Escape")
    page.click(".tray .text")
    page.click(".card .toggle >> nth=0")
    page.click(".less .text >> nth=0")
    yield "set aside"
    page.click(".top nav button")
    yield "saved"
    page.click(".results > .secondary")
    page.select_option("#country", words.country)
    page.wait_for_selector(".nobody")
    yield "nobody left"
    page.click(".nobody button")
    ask(page, words.unfit)
    until(page, "document.querySelector('.results-title').textContent.startsWith('Nobody')")
    yield "nobody fits"
    held = []
    hold(page, held)
    page.fill("#goals", words.goal)
    page.click("button[type=submit]")
    page.wait_for_selector(".skeleton")
    yield "loading"
    held[0].fulfill(status=500, body="{}")
    page.wait_for_selector(".problem")
    yield "failed"
    page.context.set_offline(True)
    page.wait_for_selector(".banner")
    page.click(".problem button")
    until(page, "document.querySelector('.problem h3')?.textContent === 'You are offline'")
    yield "offline"
