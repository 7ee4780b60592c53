"""Where the keyboard is after each action, and what a screen reader is told of it."""

import pytest

from tests.page.conftest import (
    ASKED,
    GOAL,
    WIDTHS,
    answering,
    ask,
    focused,
    holding,
    press,
    said,
    until,
)

pytestmark = pytest.mark.browser

NOISE = ("Failed to load resource", "net::ERR")
TEXT = "e => e.textContent"


def act(page, selector: str) -> None:
    """Press a button by keyboard."""
    page.focus(selector)
    press(page, "Enter")


def gone(page, selector: str) -> None:
    page.wait_for_selector(selector, state="detached")


def test_after_a_comparison_the_keyboard_is_where_it_was_opened(opened, url):
    page = opened(url)
    ask(page)
    for card in (1, 2, 3):
        act(page, f"li:nth-child({card}) .toggle >> nth=1")
    act(page, ".tray .primary")
    page.wait_for_selector("dialog.compare")
    assert focused(page) == "dialog-title"
    press(page, "Escape")
    gone(page, "dialog")
    assert focused(page, TEXT) == "Compare 3 side by side"

    press(page, "Enter")
    page.wait_for_selector("dialog.compare")
    act(page, ".comparison thead button >> nth=0")
    assert page.locator(".comparison thead th").count() == 2
    assert focused(page) == "dialog-title"
    act(page, ".comparison thead button >> nth=0")  # one alone is not compared
    gone(page, "dialog")
    assert focused(page, TEXT) == "Choose one more to compare"

    act(page, ".tray .text")
    gone(page, ".tray")
    assert focused(page).startswith("mentor-")


def test_a_fifth_to_compare_is_said_to_take_the_place_of_the_first(opened, url):
    page = opened(url)
    ask(page)
    first = page.inner_text(".card-title >> nth=0")
    for card in range(1, 6):
        act(page, f"li:nth-child({card}) .toggle >> nth=1")
    assert said(page) == f"4 fit side by side; taken off: {first}"
    assert page.inner_text(".tray .primary") == "Compare 4 side by side"


def test_setting_somebody_aside_leads_to_the_next_and_in_the_end_to_the_heading(opened, url):
    page = opened(url)
    ask(page)
    titles = page.locator(".card-title").all_inner_texts()
    act(page, "li:nth-child(2) .less .text >> nth=0")
    assert focused(page, TEXT) == titles[2]
    while page.locator(".card").count():
        act(page, ".less .text >> nth=0")
    assert focused(page) == "results"
    assert page.inner_text(".results-title") == "You set all of these aside"
    assert page.locator(".nobody button").count() == 0
    act(page, ".bring-back")
    assert focused(page) == "results"
    assert page.locator(".card-title").all_inner_texts() == titles


def test_those_set_aside_before_a_reload_are_brought_back_too(opened, url):
    page = opened(url)
    ask(page)
    first = page.inner_text(".card-title >> nth=0")
    act(page, ".less .text >> nth=0")
    page.reload()
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.inner_text(".card-title >> nth=0") != first
    act(page, ".bring-back")
    until(page, f"document.querySelector('.card-title')?.textContent === {first!r}")
    assert focused(page) == "results"


def test_more_leads_to_the_first_of_those_that_came(opened, url):
    page = opened(url)
    ask(page)
    act(page, ".more")
    until(page, "document.querySelectorAll('.card').length > 10")
    eleventh = page.inner_text(".card-title >> nth=10")
    until(page, f"document.activeElement.textContent === {eleventh!r}")


def test_a_failure_that_is_tried_again_leads_to_the_heading(opened, url):
    page = opened(url, allowed=NOISE)
    with answering(page, status=500, body="{}"):
        page.fill("#goals", GOAL)
        page.click("button[type=submit]")
        page.wait_for_selector(".problem")
        act(page, ".problem button")
        until(page, "document.activeElement.id === 'results'")
        page.wait_for_selector(".problem")
        assert focused(page) == "results"
    act(page, ".problem button")
    page.wait_for_selector(".card:not(.skeleton)")
    assert focused(page) == "results"


def test_filters_that_are_cleared_leave_the_keyboard_among_them(opened, url):
    page = opened(url)
    ask(page)
    page.select_option("#within", "3")
    assert page.inner_text(".zone") == "You are in Europe/Berlin."
    act(page, ".clear-filters")
    assert focused(page) == "language"
    page.select_option("#country", "BR")
    page.wait_for_selector(".nobody")
    act(page, ".nobody button")
    page.wait_for_selector(".card:not(.skeleton)")
    assert focused(page) == "results"


def test_who_writes_on_is_not_taken_away_by_the_answer(opened, url):
    page = opened(url)
    with holding(page) as held:
        page.fill("#goals", GOAL)
        press(page, "Control+Enter")
        page.wait_for_selector(".skeleton")
        page.keyboard.type(" and")
        held[0].continue_()
        page.wait_for_selector(".card:not(.skeleton)")
    page.wait_for_timeout(100)
    assert focused(page) == "goals"
    assert page.input_value("#goals") == f"{GOAL} and"


def test_who_has_gone_on_to_the_filters_stays_there(opened, url):
    page = opened(url)
    with holding(page) as held:
        page.fill("#goals", GOAL)
        press(page, "Control+Enter")
        page.wait_for_selector(".skeleton")
        page.focus("#country")
        held[0].continue_()
        page.wait_for_selector(".card:not(.skeleton)")
    page.wait_for_timeout(100)
    assert focused(page) == "country"


def test_a_profile_that_an_address_opened_is_left_for_its_card(opened, url):
    page = opened(url)
    ask(page)
    page.goto(f"{url}/?mentor=accents")
    page.wait_for_selector("dialog .profile-text")
    press(page, "Escape")
    gone(page, "dialog")
    assert focused(page) == "mentor-accents"


def test_saved_mentors_are_taken_off_and_left_by_keyboard(opened, url):
    page = opened(url)
    ask(page)
    for card in (1, 2):
        act(page, f"li:nth-child({card}) .toggle >> nth=0")
    act(page, ".top nav button")
    page.wait_for_selector("#saved")
    assert focused(page) == "saved"
    second = page.inner_text(".card-title >> nth=1")
    act(page, ".card .toggle >> nth=0")
    assert focused(page, TEXT) == second
    act(page, ".card .toggle >> nth=0")
    assert focused(page) == "saved"
    act(page, ".back")
    assert focused(page) == "results"


def test_the_map_knows_where_the_keyboard_stood(opened, url):
    page = opened(url)
    ask(page)
    page.wait_for_selector(".chosen .star")
    page.focus(".sky")
    press(page, "ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown")
    told = page.inner_text(".sky-frame [role=status]")
    press(page, "Enter")
    page.wait_for_selector("dialog .profile-text")
    press(page, "Escape")
    gone(page, "dialog")
    assert page.inner_text(".sky-frame [role=status]") == told
    press(page, "Tab")
    assert page.inner_text(".sky-frame [role=status]") == ""


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_what_is_below_the_map_stays_under_the_pointer_that_leaves_it(opened, url, width):
    page = opened(url, width=width)
    page.wait_for_selector(".quiet circle")
    page.focus(".sky")
    press(page, "ArrowRight")
    assert page.locator(".map-help").is_visible()
    summary = page.locator(".in-words summary")
    summary.scroll_into_view_if_needed()
    before = summary.bounding_box()
    page.mouse.move(before["x"] + 20, before["y"] + before["height"] / 2)
    page.mouse.down()
    assert not page.locator(".map-help").is_visible()
    assert summary.bounding_box() == before
    page.mouse.up()
    page.wait_for_selector(".in-words[open]")


def test_a_star_without_goals_asks_for_them_and_names_who_was_chosen(opened, url):
    page = opened(url)
    page.wait_for_selector(".quiet circle")
    page.focus(".sky")
    press(page, "ArrowRight", "Enter")
    assert focused(page) == "goals"
    assert page.inner_text(".notice").startswith("You chose “")
    assert said(page) == page.inner_text(".notice")


def nearly(route) -> None:
    """A mentor who would come first with one word more."""
    answer = route.fetch()
    more = {"add": "sea", "rank": 1, "text": "With sea they would come first."}
    route.fulfill(response=answer, json=answer.json() | {"nearly": more})


def test_words_to_add_are_asked_for_from_the_heading(opened, url):
    page = opened(url)
    ask(page)
    page.route(f"{ASKED}/explain", nearly)
    act(page, ".less .text >> nth=1")
    page.wait_for_selector(".others .standing .text")
    act(page, ".others .standing .text >> nth=0")
    assert focused(page) == "results"
    page.wait_for_selector(".card:not(.skeleton)")
    assert focused(page) == "results"
    assert page.input_value("#goals") == f"{GOAL}\nsea"


def test_nothing_written_is_said_and_shown(opened, url):
    page = opened(url)
    act(page, "button[type=submit]")
    assert focused(page) == "goals"
    assert said(page) == "Write a few words about where you want to go."
    assert page.inner_text("#goals-wrong") == said(page)
    assert page.get_attribute("#goals", "aria-invalid") == "true"
    page.keyboard.type("a")
    assert page.locator("#goals-wrong").count() == 0


def test_the_name_of_the_page_leads_to_its_beginning(opened, url):
    page = opened(url)
    ask(page)
    act(page, ".brand")
    assert focused(page) == "goals"
    assert page.evaluate("scrollY") == 0


def test_closing_a_profile_goes_back_so_that_back_leads_on(opened, url):
    page = opened(url)
    ask(page)
    before = page.evaluate("history.length")
    for _ in range(2):
        act(page, ".card .secondary >> nth=0")
        page.wait_for_selector("dialog[open]")
        until(page, "location.search.startsWith('?mentor=')")
        press(page, "Escape")
        until(page, "location.search === ''")
        gone(page, "dialog")
    assert page.evaluate("history.length") == before + 1
    page.go_forward()
    page.wait_for_selector("dialog[open]")
    page.go_back()
    gone(page, "dialog")


SEEN = """() => {
  const here = document.activeElement;
  if (here === document.body) return null;
  const box = here.getBoundingClientRect();
  const style = getComputedStyle(here);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2];
  const at = document.elementFromPoint(x, y);
  const shown = here.contains(at) || at?.contains(here) || here.labels?.[0]?.contains(at);
  return [here.id || here.textContent.trim() || here.className, ring, Boolean(shown)];
}"""


@pytest.mark.parametrize(("width", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_what_has_the_focus_is_ringed_and_not_covered(opened, url, width, scheme):
    look = {"color_scheme": scheme, "reduced_motion": "reduce"}
    page = opened(url, width=WIDTHS[width], allowed=NOISE, **look)
    ask(page)
    act(page, ".card .toggle >> nth=1")
    page.wait_for_selector(".tray")
    page.context.set_offline(True)
    page.wait_for_selector(".banner")
    page.focus(".skip")
    seen = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(400):
            here = page.evaluate(SEEN)
            if here is None:
                break
            seen.append(here)
            press(page, key)
        else:
            pytest.fail(f"400 times {key} do not lead out of the page")
        press(page, key)
    assert len(seen) > 100
    assert [name for name, ring, shown in seen if not (ring and shown)] == []


REGIONS = """
  window.heard = [];
  const live = '[role=status], [role=alert], [aria-live]';
  new MutationObserver(changes => {
    for (const {target, addedNodes, type} of changes) {
      const node = type === 'characterData' ? target.parentElement : target;
      const words = node.closest(live)?.textContent.trim();
      if (words) window.heard.push(words);
      for (const added of addedNodes) {
        const fresh = added.matches?.(live) ? added : added.querySelector?.(live);
        // An alert speaks also when it is new; a status only when its words change.
        if (fresh && fresh.getAttribute('role') !== 'alert' && fresh.textContent.trim())
          window.heard.push('TOO LATE: ' + fresh.textContent);
      }
    }
  }).observe(document.body, {childList: true, subtree: true, characterData: true});
"""


def test_what_is_said_is_said_in_regions_that_were_there_before(opened, url):
    page = opened(url, allowed=NOISE)
    page.evaluate(REGIONS + "0")
    page.fill("#goals", "I want to grow and find my way")
    page.wait_for_selector(".live .hints li")
    ask(page)
    page.wait_for_selector(".chosen .star")
    act(page, ".less .text >> nth=1")
    page.wait_for_selector(".others .standing >> nth=2")
    act(page, ".card .secondary >> nth=0")
    page.wait_for_selector("dialog .profile-text")
    page.check("dialog input[type=radio] >> nth=0")
    until(page, "window.heard.includes('Thank you, noted.')")
    press(page, "Escape")
    page.context.set_offline(True)
    page.wait_for_selector(".banner")
    page.context.set_offline(False)
    gone(page, ".banner")
    ask(page)  # the same words are said anew
    until(page, "document.querySelector('#said').textContent.startsWith('10 mentors')")
    heard = page.evaluate("window.heard")
    assert [words for words in heard if words.startswith("TOO LATE")] == []
    for begin in ("Understood so far: ", "10 mentors found", "3 others of the same kind"):
        assert any(words.startswith(begin) for words in heard), (begin, heard)
    assert "Thank you, noted." in heard
    assert "No connection just now." in heard
    assert "You are connected again." in heard
    found = [words for words in heard if words.startswith("10 mentors found")]
    assert len(found) == 2


def test_the_status_page_leads_on_by_keyboard(opened, closed):
    url, admin = closed()
    page = opened(f"{url}/status", allowed=NOISE)
    page.wait_for_selector("#key")
    page.focus("#key")
    page.keyboard.type("mk_wrong")
    press(page, "Enter")
    page.wait_for_selector(".trouble")
    assert focused(page) == "key"
    page.fill("#key", admin)
    act(page, ".door .primary")
    page.wait_for_selector(".tiles")
    assert focused(page) == "title"
    page.route("**/v1/status", lambda route: route.abort(), times=1)
    act(page, "header .secondary")
    page.wait_for_selector(".trouble")
    assert page.locator(".tiles").count() == 1  # what was known stays
    press(page, "Enter")
    gone(page, ".trouble")
    act(page, "header .text")
    assert focused(page) == "key"


def test_figures_that_did_not_come_are_asked_for_again(opened, url):
    page = opened(f"{url}/status", allowed=NOISE)
    page.wait_for_selector(".tiles")
    assert focused(page) == "BODY"  # whoever opens the page begins at its beginning
    page.route("**/v1/status", lambda route: route.abort())
    page.reload()
    page.wait_for_selector(".trouble")
    act(page, "main > .secondary")
    page.wait_for_timeout(100)
    assert focused(page, TEXT).strip() == "Try again"
    page.unroute("**/v1/status")
    press(page, "Enter")
    page.wait_for_selector(".tiles")
    assert focused(page) == "title"
