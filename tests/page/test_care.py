"""Accessibility by axe-core in every state, weight, speed and stillness."""

from collections.abc import Iterator

import pytest

from tests.page.conftest import GOAL, WIDTHS, ask, holding, until
from tests.page.states import walk, walk_status

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What differs between light and dark: the style sheets change colours and nothing else.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
MOST_BYTES = 150 * 1024
MOST_MS = 300
NOISE = ("Failed to load resource", "net::ERR")


def violations(page, axe: str, rules: list[str]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe + "\n;0")
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(done => done.violations)", rules
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({one['nodes'][0]['failureSummary']})"
        for one in found
    ]


STATES = 32
STATES_OF_STATUS = 6
# What a finger must hit; links within a sentence need not be as large.
TARGETS = """
  [...document.querySelectorAll('button, select, textarea, summary, label.check, label.pill')]
    .filter(one => one.checkVisibility() && !one.closest('[inert]'))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width < 44 || box.height < 44)
    .map(([one, box]) => `${one.textContent || one.className}: ${box.width} x ${box.height}`)
"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def seen(page, states: Iterator[str], axe: str) -> dict[tuple[str, str], list[str]]:
    """What is wrong in each state, light and dark."""
    found = {}
    for state in states:
        small = page.evaluate(TARGETS)
        wider = ["wider than the window"] if page.evaluate(WIDER) else []
        for scheme, rules in (("light", RULES), ("dark", COLOUR_RULES)):
            page.emulate_media(color_scheme=scheme)
            found[state, scheme] = [*violations(page, axe, rules), *small, *wider]
    return found


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_in_any_state(opened, url, axe, width):
    page = opened(url, width=width, reduced_motion="reduce", allowed=NOISE)
    found = seen(page, walk(page), axe)
    assert len(found) == 2 * STATES
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_in_any_state_of_the_status_page(opened, url, axe, width):
    page = opened(f"{url}/status", width=width, reduced_motion="reduce", allowed=NOISE)
    found = seen(page, walk_status(page), axe)
    assert len(found) == 2 * STATES_OF_STATUS
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_the_page_is_light(opened, url, capsys):
    page = opened(url)
    sizes = page.evaluate(
        """['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
           .filter(one => !one.name.includes('/v1/'))
           .map(one => [one.name, one.encodedBodySize])"""
    )
    total = sum(size for _, size in sizes)
    with capsys.disabled():
        print(f"\nThe page weighs {total:,} bytes, compressed, in {len(sizes)} files.")
    assert all(size for _, size in sizes)
    assert total <= MOST_BYTES


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) {
      if (!one.hadRecentInput) window.shifts.push([one.value, one.sources.map(
        s => s.node && (s.node.className || s.node.nodeName))]);
    }
  }).observe({type: 'layout-shift', buffered: true});
"""


@pytest.mark.alone
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_jumps_after_loading_nor_when_mentors_come(opened, url, width, capsys):
    page = opened(url, width=width)
    page.evaluate(SHIFTS + "0")
    page.wait_for_selector(".quiet circle")
    page.wait_for_timeout(300)
    with holding(page) as held:
        page.fill("#goals", GOAL)
        page.click("button[type=submit]")
        page.wait_for_selector(".skeleton")
        page.wait_for_timeout(600)  # what follows an input at once is not counted
        held[0].continue_()
    page.wait_for_selector(".card:not(.skeleton)")
    page.wait_for_timeout(300)
    shifts = page.evaluate("window.shifts")
    with capsys.disabled():
        print(f"\nLayout shift at {width} pixels: {sum(value for value, _ in shifts)}.")
    assert shifts == []


@pytest.mark.alone
def test_the_first_mentor_is_seen_soon_after_the_answer(opened, url, capsys):
    page = opened(url)
    page.evaluate(
        """new MutationObserver(() => {
             if (!window.seen && document.querySelector('.card:not(.skeleton)'))
               requestAnimationFrame(() =>
                 setTimeout(() => { window.seen ??= performance.now(); }));
           }).observe(document.body, {childList: true, subtree: true}); 0"""
    )
    ask(page)
    until(page, "window.seen > 0")
    took = page.evaluate(
        """window.seen - performance.getEntriesByType('resource')
             .find(one => one.name.endsWith('/v1/recommendations')).responseEnd"""
    )
    with capsys.disabled():
        print(f"\nThe first mentor is seen {took:.0f} ms after the answer.")
    assert took <= MOST_MS
