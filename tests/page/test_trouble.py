"""What the page says when the server is slow, refuses, fails or cannot be reached."""

import pytest

from api.settings import Settings
from tests.api.conftest import serving_at
from tests.fakes import table_encoder
from tests.page.conftest import ASKED, GOAL, ask, holding, until
from tests.page.states import walk_status

pytestmark = pytest.mark.browser

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
    with holding(page) as held:
        page.fill("#goals", GOAL)
        page.click("button[type=submit]")
        page.wait_for_selector(".skeleton")
        assert page.get_attribute(".results", "aria-busy") == "true"
        assert "Looking for mentors" in page.inner_text(".searching")
        until(page, "document.querySelector('#said').textContent.includes('Looking')")
        until(page, "document.querySelector('#said').textContent.includes('Still looking')")
        assert "Still looking" in page.inner_text(".searching")
        held[0].continue_()
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.get_attribute(".results", "aria-busy") == "false"


def test_only_the_newest_question_counts(opened, url):
    page = opened(url)
    # A browser that cannot take a request back: only the page can leave the late answer out.
    page.add_init_script("AbortSignal.any = (signals) => signals.at(-1);")
    page.reload()
    held = []
    page.route(ASKED, lambda route: route.continue_() if held else held.append(route))
    page.fill("#goals", "I want to weld")
    page.click("button[type=submit]")
    until(page, "document.querySelector('.skeleton') !== null")
    ask(page)
    first = page.inner_text(".card-title >> nth=0")
    asked = "one => one.name.endsWith('/recommendations') && one.responseStatus === 200"
    answers = f"performance.getEntriesByType('resource').filter({asked}).length"
    assert page.evaluate(answers) == 1
    held[0].continue_()
    until(page, f"{answers} === 2")
    page.wait_for_timeout(100)
    assert page.inner_text(".card-title >> nth=0") == first
    assert "venture capital" in page.inner_text(".asked")


def test_without_hints_map_or_feedback_mentors_are_found_all_the_same(opened, url):
    page = opened(url, allowed=NOISE)
    for path in ("**/v1/goals", "**/v1/map", "**/v1/feedback"):
        page.route(path, lambda route: route.abort())
    page.reload()
    ask(page)
    assert page.locator(".card").count() == 10
    assert "could not be loaded" in page.inner_text(".sky")


def test_an_opinion_is_said_to_be_noted_only_when_it_is(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    page.route("**/v1/feedback", lambda route: route.abort())
    page.click(".card .secondary >> nth=0")
    page.wait_for_selector("dialog .opinion")
    told = "document.querySelector('.opinion [role=status]').textContent"
    page.check("dialog input[type=radio] >> nth=0")
    page.click("dialog .opinion .primary")
    until(page, f"{told} === 'That did not get through. Try again.'")
    until(page, "!document.querySelector('.opinion input:checked')")
    assert page.get_attribute(".opinion .primary", "aria-disabled") == "false"

    page.unroute("**/v1/feedback")
    page.check("dialog input[type=radio] >> nth=0")
    until(page, f"{told} === 'Thank you, noted.'")
    page.click("dialog .opinion .primary")
    until(page, f"{told}.startsWith('Noted: ')")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    page.click(".card .secondary >> nth=0")
    page.wait_for_selector("dialog .opinion")
    assert page.is_checked("dialog input[type=radio] >> nth=0")
    assert page.get_attribute(".opinion .primary", "aria-disabled") == "true"


def test_a_page_of_results_that_fails_leaves_those_before(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    failing_once(page, lambda route: route.fulfill(status=500, body="{}"))
    page.click(".more")
    page.wait_for_selector(".after .warning")
    assert page.locator(".card").count() == 10
    page.click(".more")
    until(page, "document.querySelectorAll('.card').length > 10")
    assert page.locator(".after .warning").count() == 0


def test_a_list_that_has_become_too_old_is_begun_anew(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    failing_once(page, lambda route: route.fulfill(status=410, body="{}"))
    page.click(".more")
    until(page, "document.querySelector('#said').textContent.startsWith('10 mentors found')")
    page.click(".more")
    until(page, "document.querySelectorAll('.card').length > 10")
    assert page.locator(".after .warning").count() == 0


def test_more_is_not_asked_for_while_a_filter_is(opened, url):
    page = opened(url)
    ask(page)
    with holding(page) as held:
        page.select_option("#within", "8")
        page.wait_for_selector(".results.old")
        page.dispatch_event(".more", "click")
        page.wait_for_timeout(100)
        assert len(held) == 1
        held[0].continue_()
        until(page, "document.querySelector('.results').getAttribute('aria-busy') === 'false'")


@pytest.mark.parametrize("body", ["<html>Sign in to the network</html>", '{"recommend'])
def test_an_answer_that_is_none_is_said(opened, url, body):
    page = opened(url, allowed=NOISE)
    failing_once(page, lambda route: route.fulfill(status=200, body=body))
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert "could not answer just now" in problem(page)


def test_a_key_that_was_replaced_is_asked_for_anew(opened, closed):
    url, _ = closed()
    page = opened(url, allowed=NOISE)
    old = {"key": "mk_replaced"}
    page.route("**/page/config.json", lambda route: route.fulfill(json=old))
    page.reload()
    page.fill("#goals", GOAL)
    page.click("button[type=submit]")
    assert "may not ask" in problem(page)
    page.unroute("**/page/config.json")
    page.click(".problem button")
    page.wait_for_selector(".card:not(.skeleton)")


def test_a_map_that_did_not_come_is_asked_for_again(opened, url):
    page = opened(url, allowed=NOISE)
    page.route("**/v1/map", lambda route: route.abort())
    page.reload()
    until(page, "document.querySelector('.sky').textContent.includes('could not be loaded')")
    page.unroute("**/v1/map")
    ask(page)
    page.wait_for_selector(".chosen .star")


def test_a_profile_that_cannot_be_loaded_can_be_asked_for_again(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    listed = page.locator(".card").count()
    page.route(f"{ASKED}/explain", lambda route: route.abort(), times=1)
    page.goto(f"{url}/?mentor=welder")
    page.wait_for_selector("dialog .problem")
    assert "could not answer" in page.inner_text("dialog [role=status]")
    page.click("dialog .problem button")
    page.wait_for_selector("dialog .profile-text")
    assert page.evaluate("document.activeElement.id") == "dialog-title"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert listed == page.locator(".card").count()


def test_a_mentor_who_has_left_is_said_to_have(opened, url):
    page = opened(url, allowed=NOISE)
    ask(page)
    page.evaluate("localStorage.setItem('mentors.saved', '[\"gone\", \"welder\"]')")
    page.goto(f"{url}/?mentor=gone")
    page.wait_for_selector("dialog .problem")
    assert "not here any more" in page.inner_text("dialog .problem")
    assert page.locator("dialog .problem button").count() == 0
    page.keyboard.press("Escape")
    page.click(".top nav button")
    page.wait_for_selector(".results .notice")
    assert "One mentor you saved is not here any more" in page.inner_text(".results .notice")
    page.wait_for_selector(".card")  # the one who is still there
    page.click(".results .notice button")
    assert page.inner_text(".top nav button") == "Saved (1)"
    assert page.evaluate("document.activeElement.id") == "saved"


@pytest.mark.parametrize("query", ["?compare=%25", "?within=4&language=--&country=x", "?mentor="])
def test_an_address_that_somebody_changed_opens_the_page(opened, url, query):
    page = opened(f"{url}/{query}", allowed=NOISE)
    page.evaluate(
        """for (const [kept, name] of [[localStorage, 'saved'], [sessionStorage, 'aside'],
             [sessionStorage, 'goals']]) kept.setItem(`mentors.${name}`, '{"a": [1]}'); 0"""
    )
    page.reload()
    page.wait_for_selector("h1")
    assert page.input_value("#goals") == ""
    if "within" in query:
        assert page.input_value("#within") == "4"


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


def test_a_server_where_nobody_is_says_so(opened, tmp_path):
    settings = Settings(data=tmp_path, create=True)
    with serving_at(settings, table_encoder) as client:
        page = opened(str(client.base_url))
        until(page, "document.querySelector('.sky').textContent.includes('first mentors')")
        ask(page)
        assert page.inner_text(".results-title") == "Nobody is here yet"
        assert "There are no mentors here yet" in page.inner_text(".nobody")
        assert page.locator(".nobody button").count() == 0


def test_a_move_to_an_encoder_that_is_stuck_is_not_called_good(opened, url):
    page = opened(f"{url}/status", allowed=NOISE)
    states = walk_status(page)
    while next(states) != "figures with trouble":
        pass
    moving = page.locator(".checks li").filter(has_text="Moving to careers-2")
    stuck = page.locator(".checks li").filter(has_text="is not here")
    assert [one.get_attribute("class") for one in (moving, stuck)] == ["bad", "bad"]


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
