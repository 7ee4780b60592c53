"""Accessibility by axe-core in every state, weight, speed and stillness."""

import pytest

from tests.page.conftest import GOAL, WIDTHS, ask, holding, until
from tests.page.states import walk

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MOST_BYTES = 150 * 1024
MOST_MS = 300
STILL = 0.01  # of layout shift; a tenth of what counts as good
NOISE = ("Failed to load resource", "net::ERR")


def violations(page, axe: str) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe + "\n;0")
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(done => done.violations)", RULES
    )
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]} ({one['nodes'][0]['failureSummary']})"
        for one in found
    ]


STATES = 32


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_in_any_state(opened, url, axe, width):
    page = opened(url, width=width, reduced_motion="reduce", allowed=NOISE)
    found = {}
    for state in walk(page):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found[state, scheme] = violations(page, axe)
    assert len(found) == 2 * STATES
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_axe_finds_nothing_on_the_status_page(opened, closed, axe, width, scheme):
    url, admin = closed()
    page = opened(f"{url}/status", width=width, color_scheme=scheme, allowed=NOISE)
    page.wait_for_selector("#key")
    assert violations(page, axe) == []
    page.fill("#key", admin)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")
    assert violations(page, axe) == []


def test_the_page_is_light(opened, url):
    page = opened(url)
    sizes = page.evaluate(
        """['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))
           .filter(one => !one.name.includes('/v1/'))
           .map(one => [one.name, one.encodedBodySize])"""
    )
    total = sum(size for _, size in sizes)
    print(f"page weight: {total:,} bytes in {len(sizes)} files")
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


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_jumps_after_loading_nor_when_mentors_come(opened, url, width):
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
    assert sum(value for value, _ in shifts) <= STILL, shifts


def test_the_first_mentor_is_seen_soon_after_the_answer(opened, url):
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
    print(f"first mentor seen {took:.0f} ms after the answer")
    assert took <= MOST_MS
