"""What the page says when the server is slow, refuses, fails or cannot be reached."""

import pytest

from tests.page.conftest import GOAL, ask, hold, until

pytestmark = pytest.mark.browser

ASKED = "**/v1/recommendations"
NOISE = ("Failed to load resource", "net::ERR")  # the browser itself says what failed


def problem(page) -> str:
    page.wait_for_selector(".problem")
    assert page.get_attribute(".problem", "role") == "alert"
    assert page.input_value("#goals") == GOAL
    return page.inner_text(".problem")


def failing_once(page, answer) -> None:
    """Answer the next request for recommendations with `answer`, later ones as they are."""
    page.route(ASKED, answer, times=1)


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (500, {}, '{"detail": "Something went wrong."}', "could not answer just now"),
        (502, {}, "<html>bad gateway</html>", "could not answer just now"),
        (503, {"Retry-After": "1"}, "{}", "Try again in a second"),
        (429, {"Retry-After": "17"}, "{}", "Try again in 17 seconds"),
        (401, {}, "{}", "does not accept this page's key"),
        (422, {}, '{"detail": "The goal holds no word."}', "The goal holds no word."),
    ],
)
def test_a_refusal_is_said_and_goals_stay(opened, url, status, headers, body, expected):
    page = opened(url, allowed=NOISE)
    failing_once(page, lambda route: route.fulfill(status=status, headers=headers, body=body))
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert expected in problem(page)
    if status != 422:
        page.click(".problem button")
        page.wait_for_selector(".card:not(.skeleton)")


def test_a_server_that_cannot_be_reached_is_said(opened, url):
    page = opened(url, allowed=NOISE)
    failing_once(page, lambda route: route.abort())
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert "could not answer" in problem(page)


def test_somebody_offline_is_told_and_the_search_goes_on_by_itself(opened, url):
    page = opened(url, allowed=NOISE)
    page.context.set_offline(True)
    page.wait_for_selector(".banner")
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert "You are offline" in problem(page)
    page.context.set_offline(False)
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.locator(".banner").count() == 0


def test_a_slow_server_is_waited_for_and_said_to_be_slow(opened, url):
    page = opened(url)
    held = []
    hold(page, held)
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    page.wait_for_selector(".skeleton")
    assert page.get_attribute(".results", "aria-busy") == "true"
    assert "Looking for mentors" in page.inner_text(".searching")
    until(page, "document.querySelector('.searching').textContent.includes('Still looking')")
    held[0].continue_()
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.get_attribute(".results", "aria-busy") == "false"


def test_only_the_newest_question_counts(opened, url):
    page = opened(url)
    held = []
    hold(page, held)
    page.fill("#goals", "I want to weld")
    page.click("button[type=submit]")
    until(page, "document.querySelector('.skeleton') !== null")
    page.unroute(ASKED)
    page.fill("#goals", GOAL)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".card:not(.skeleton)")
    # Whichever answer comes first, the newest question's is what stays.
    until(page, "document.querySelector('.asked')?.innerText.includes('venture capital')")


def test_without_hints_map_or_feedback_mentors_are_found_all_the_same(opened, url):
    page = opened(url, allowed=NOISE)
    for path in ("**/v1/goals", "**/v1/map", "**/v1/feedback"):
        page.route(path, lambda route: route.abort())
    page.reload()
    ask(page)
    assert page.locator(".card").count() == 10
    assert "could not be loaded" in page.inner_text(".sky")


def test_a_page_of_results_that_fails_leaves_those_before(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    failing_once(page, lambda route: route.fulfill(status=410, body="{}"))
    page.click(".after .secondary")
    page.wait_for_selector(".after .warning")
    assert page.locator(".card").count() == 10


def test_a_closed_server_shows_its_page_with_the_key_that_is_meant_for_it(opened, closed):
    url, _ = closed()
    page = opened(url)
    ask(page)
    assert page.locator(".card").count() == 10
    page.wait_for_selector(".chosen .star")  # the map, a GET without an origin
    page.click(".less .text >> nth=1")
    page.wait_for_selector(".others .standing")


def test_a_page_elsewhere_cannot_use_the_key(opened, closed):
    url, _ = closed("https://mentors.example")
    page = opened(url, allowed=NOISE)
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert "may not ask" in problem(page)


def test_the_status_page_is_behind_a_key(opened, closed):
    url, admin = closed()
    page = opened(f"{url}/status", allowed=NOISE)
    page.wait_for_selector("#key")
    page.fill("#key", "mk_wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector(".trouble")
    page.fill("#key", admin)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")
    assert "with a free place" in page.inner_text(".tiles")
    assert page.evaluate("Object.keys(localStorage).length") == 0
    page.reload()
    page.wait_for_selector(".tiles")
    page.click("header .text")
    page.wait_for_selector("#key")
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
