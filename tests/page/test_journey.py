"""The page as somebody uses it, in a browser."""

import json
import re

import httpx
import pytest

from tests.api.conftest import wait_until
from tests.page.conftest import (
    ASKED,
    EMOJI,
    GOAL,
    WIDTHS,
    ask,
    focused,
    holding,
    press,
    said,
    tab_to,
    until,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_the_whole_journey_by_keyboard_alone(opened, url, width, scheme):
    page = opened(url, width=WIDTHS[width], color_scheme=scheme)
    press(page, "Tab")
    assert focused(page) == "skip"
    press(page, "Enter")
    assert focused(page) == "goals"
    page.keyboard.type(GOAL)
    page.wait_for_selector(".live .parts li")  # what is understood, while it is written
    tab_to(page, "button[type=submit]")
    press(page, "Enter")
    page.wait_for_selector(".card:not(.skeleton)")
    until(page, "document.activeElement.className === 'results-title'")
    assert re.match(r"10 mentors found\. The first: .+\.", said(page))

    tab_to(page, ".card-title a")
    first = page.inner_text(".card-title >> nth=0")
    press(page, "Enter")
    page.wait_for_selector("dialog[open]")
    assert focused(page) == "dialog-title"
    assert page.inner_text("#dialog-title") == first
    for _ in range(30):  # the focus stays within, or with the browser itself
        press(page, "Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    press(page, "Escape")
    page.wait_for_selector("dialog", state="detached")
    assert focused(page, "e => e.textContent") == first

    tab_to(page, ".card .toggle")  # save
    press(page, "Space")
    assert said(page) == f"Saved: {first}"
    tab_to(page, ".card .toggle")  # compare
    press(page, "Space")
    page.wait_for_selector(".tray")
    tab_to(page, "li:nth-child(2) .toggle:nth-of-type(3)")
    press(page, "Space")
    tab_to(page, ".tray .primary", most=150)
    press(page, "Enter")
    page.wait_for_selector("dialog.compare")
    assert page.locator(".comparison thead th").count() == 2
    press(page, "Escape")
    page.wait_for_selector("dialog", state="detached")

    tab_to(page, "li:first-child .less .text:first-child", key="Shift+Tab", most=150)
    second = page.inner_text(".card-title >> nth=1")
    press(page, "Enter")
    assert page.inner_text(".card-title >> nth=0") == second
    assert focused(page, "e => e.textContent") == second
    assert said(page) == f"Set aside: {first}"
    tab_to(page, ".after .fine .text", most=150)
    press(page, "Enter")
    assert page.inner_text(".card-title >> nth=0") == first

    tab_to(page, ".sky", most=150)
    press(page, "ArrowRight")
    status = page.locator(".sky-frame [role=status]")
    assert "recommendation 1" in status.inner_text()
    told = [status.inner_text()]
    for key in ("+", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "0"):
        press(page, key)
        told.append(status.inner_text())
    assert "" not in told
    assert len(set(told)) > 1
    press(page, "Enter")
    page.wait_for_selector("dialog.profile")


def test_goals_stay_in_the_tab_and_the_address_has_filters_and_ids_only(opened, url):
    page = opened(url)
    ask(page)
    page.select_option("#country", "KE")
    page.select_option("#language", "en")
    page.select_option("#within", "3")
    until(page, "document.querySelectorAll('.card:not(.skeleton)').length === 1")
    page.click(".card-title a")
    page.wait_for_selector("dialog[open]")
    query = page.evaluate("location.search")
    assert query == "?country=KE&language=en&within=3&mentor=auditor"
    assert "audit " not in page.evaluate("JSON.stringify(localStorage)")
    kept = page.evaluate("sessionStorage.getItem('mentors.goals')")
    assert json.loads(kept) == GOAL

    page.reload()
    page.wait_for_selector("dialog[open]")  # the tab remembers what was asked
    assert page.input_value("#goals") == GOAL
    page.go_back()
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("location.search") == "?country=KE&language=en&within=3"

    another = opened(f"{url}/{query}")  # passed on to somebody who has written nothing
    assert another.input_value("#goals") == ""
    assert another.input_value("#country") == "KE"
    assert "Write your goals first" in another.inner_text(".notice")
    ask(another)
    another.wait_for_selector("dialog[open]")


def test_who_is_saved_stays_on_the_device(opened, url):
    page = opened(url)
    ask(page)
    title = page.inner_text(".card-title >> nth=0")
    page.click(".card .toggle >> nth=0")
    page.click(".top nav button")
    assert focused(page) == "saved"
    assert page.inner_text(".card-title") == title
    assert page.evaluate("Object.keys(localStorage)") == ["mentors.saved"]
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.click(".top nav button")
    assert "You saved one mentor" in page.inner_text(".results")
    page.wait_for_selector(".quiet circle")  # the map knows what they are called
    assert page.inner_text(".names a") == title
    assert page.locator(".back").count() == 0  # nothing was asked that one could go back to
    page.click(".names button")
    assert said(page) == f"No longer saved: {title}"
    assert focused(page) == "saved"
    assert page.inner_text(".top nav button") == "Saved (0)"


def test_filters_that_leave_nobody_say_which_of_them_do(opened, url):
    page = opened(url)
    ask(page)
    page.select_option("#country", "BR")
    page.wait_for_selector(".nobody")
    assert page.inner_text(".results-title") == "Nobody is left"
    assert re.search(r"Country: leaves out \d+", page.inner_text(".nobody"))
    page.click(".nobody button")
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.input_value("#country") == ""


def test_it_says_so_when_nobody_fits(opened, url):
    page = opened(url)
    ask(page, "a lawyer in court")
    page.wait_for_selector(".card:not(.skeleton)")
    assert page.inner_text(".results-title") == "Nobody here fits well"
    assert "merely the nearest" in page.inner_text(".nobody")
    assert set(page.locator(".card .match").all_inner_texts()) == {"Partial match"}
    page.wait_for_selector(".chosen .star")
    assert page.locator(".legend li").all_inner_texts()[1] == "the nearest"
    page.focus(".sky")
    press(page, "ArrowRight")
    assert page.inner_text(".sky-frame [role=status]").endswith(", number 1 of the nearest")
    ask(page)
    until(page, "document.querySelectorAll('.legend li')[1]?.textContent === 'recommended'")


def test_a_vague_goal_gets_a_hint_while_it_is_written(opened, url):
    page = opened(url)
    page.fill("#goals", "I want to grow and find my way")
    page.wait_for_selector(".live .hints li")
    assert "Name the" in page.inner_text(".live .hints")


def test_more_mentors_come_after_those_that_are_there(opened, url):
    page = opened(url)
    ask(page)
    assert page.locator(".card").count() == 10
    page.click(".after .secondary")
    until(page, "document.querySelectorAll('.card').length > 10")
    titles = page.locator(".card-title").all_inner_texts()
    assert len(set(titles)) == len(titles)
    assert "more mentors shown" in said(page)


def test_why_not_somebody_else_is_answered_with_their_place_and_words_that_help(opened, url):
    page = opened(url)
    ask(page)
    page.click(".less .text >> nth=1")
    page.wait_for_selector(".others .standing >> nth=2")
    assert all(
        "Comes at place" in text for text in page.locator(".others .standing").all_inner_texts()
    )
    page.click(".others a >> nth=0")
    page.wait_for_selector("dialog.profile")


def test_side_by_side_nothing_is_said_to_be_found_only_where_the_api_says_so(opened, url):
    page = opened(url)
    quotes = []

    def answer(route):
        response = route.fetch()
        found = response.json()
        first, *others = found["recommendations"][:3]
        said = next(r for r in first["reasons"] if r["part"] != "lexical")
        quotes.append(said["quote"])
        first["uncovered_goals"] = []
        for one, uncovered in zip(others, ([], [said["goal"]]), strict=True):
            one["uncovered_goals"] = uncovered
            one["reasons"] = [r for r in one["reasons"] if r.get("goal") != said["goal"]]
        route.fulfill(response=response, json=found)

    page.route(ASKED, answer)
    ask(page)
    for card in (1, 2, 3):
        page.click(f"li:nth-child({card}) .toggle >> nth=1")
    page.click(".tray .primary")
    page.wait_for_selector("dialog.compare")
    row = page.locator(".comparison tbody tr").filter(has_text=quotes[0])
    cells = row.locator("td").all_inner_texts()
    assert cells == [quotes[0], "no quote of its own", "nothing found"]


def test_a_quote_is_marked_where_it_stands_also_after_emoji(opened, url):
    page = opened(url)
    ask(page)
    answer = httpx.post(
        f"{url}/v1/recommendations", json={"goals": GOAL, "limit": 30}, trust_env=False
    ).json()
    one = next(o for o in answer["recommendations"] if o["mentor"]["id"] == "emoji")
    quotes = {r["quote"] for r in one["reasons"] if r["part"] != "lexical"}
    assert any(r["field"] == "/bio" and r["start"] > len(EMOJI) for r in one["reasons"])
    page.goto(f"{url}/?mentor=emoji")
    page.wait_for_selector("dialog .quoted")
    marked = page.evaluate(
        """[...document.querySelectorAll('dialog .quoted')].map(mark => {
             const copy = mark.cloneNode(true);
             copy.querySelectorAll('.held').forEach(one => one.remove());
             return copy.textContent;
           })"""
    )
    assert marked
    assert set(marked) <= quotes


def test_a_language_has_a_name_also_where_the_browser_has_none(opened, url):
    page = opened(url)
    ask(page)
    page.goto(f"{url}/?mentor=accents")
    page.wait_for_selector("dialog .profile-text")
    who = page.inner_text("dialog .who")
    assert "speaks Gĩkũyũ, Schwiizerdütsch, and a language (tlh)" in who


def test_places_without_a_free_one_are_offered_where_all_are_full(opened, url):
    page = opened(url)
    ask(page)

    def full(route):
        if route.request.post_data_json["filters"]["available"] is None:
            route.continue_()
            return
        answer = route.fetch()
        hint = {"code": "few_left", "text": "", "params": {"left": 0, "available": 21}}
        none = {"recommendations": [], "hints": [hint], "next": None, "abstained": False}
        route.fulfill(response=answer, json=answer.json() | none)

    page.route(ASKED, full)
    ask(page, f"{GOAL} again")
    page.wait_for_selector(".nobody")
    assert page.locator(".nobody button").all_inner_texts() == ["Also those without a free place"]
    page.click(".nobody button")
    page.wait_for_selector(".card:not(.skeleton)")
    assert not page.is_checked("#free")
    assert page.evaluate("location.search") == "?anyone=1"


def test_what_mentors_write_is_text_and_nothing_else(opened, url):
    page = opened(url)
    ask(page)
    page.goto(f"{url}/?mentor=m%3Cb%3E%26%3F%23")
    page.wait_for_selector("dialog .bio")
    assert "<script>window.hacked=2</script>" in page.inner_text("dialog .bio")
    page.keyboard.press("Escape")
    page.focus(".sky")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    assert page.evaluate("window.hacked") is None
    assert page.locator("#app img, #app script, #app svg[onload]").count() == 0


def test_feedback_reaches_the_api(opened, url):
    page = opened(url)
    with page.expect_response(ASKED) as answered:
        ask(page)
    answer = answered.value.json()
    first = answer["recommendations"][0]["mentor"]["id"]
    page.click(".card .secondary >> nth=0")
    page.wait_for_selector("dialog[open]")
    page.check("dialog input[type=radio] >> nth=0")
    page.click("dialog .opinion .primary")
    until(page, "document.querySelector('.opinion [role=status]').textContent.includes('Noted')")
    page.keyboard.press("Escape")
    page.click(".less .text >> nth=0")

    def events():
        lines = httpx.get(f"{url}/v1/feedback", trust_env=False).text.splitlines()
        told = [one for one in map(json.loads, lines) if one["mentor"] == first]
        ours = [one for one in told if one["recommendation_id"] == answer["recommendation_id"]]
        return {(one["event"], one.get("rating")) for one in ours}

    expected = {(event, None) for event in ("shown", "opened", "requested", "declined")}
    wait_until(lambda: events() == expected | {("rated", 5)})


def test_the_map_marks_who_is_recommended_and_tells_it_in_words(opened, url):
    page = opened(url)
    page.wait_for_selector(".quiet circle")
    assert page.locator(".chosen .star").count() == 0
    ask(page)
    page.wait_for_selector(".chosen .goal path")
    assert page.locator(".chosen .star").count() == 10
    page.click(".in-words summary")
    rows = page.locator(".in-words li").all_inner_texts()
    assert len(rows) == 10
    assert all(re.search(r"closer to your goals than \d+% of all mentors", row) for row in rows)
    page.hover(".card >> nth=1")
    assert page.inner_text(".star-label b") == "2"
    side = page.evaluate("document.querySelector('.sky svg').viewBox.baseVal.width")
    page.click(".zoom button >> nth=0")
    assert page.evaluate("document.querySelector('.sky svg').viewBox.baseVal.width") < side


def test_the_map_stays_a_picture_where_colours_are_forced(opened, url):
    page = opened(url)
    ask(page)
    page.wait_for_selector(".chosen .rank", state="attached")
    drawn = """['.sky', '.chosen .rank', '.quiet circle'].map(one => {
      const style = getComputedStyle(document.querySelector(one));
      return [style.backgroundColor, style.backgroundImage, style.fill];
    })"""
    before = page.evaluate(drawn)
    page.emulate_media(forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert page.evaluate(drawn) == before


# A place of the map's picture where no star is near, the farthest from its middle.
BETWEEN_STARS = """() => {
  const box = document.querySelector('.sky svg').getBoundingClientRect();
  const stars = [...document.querySelectorAll('.sky circle')].map(one => {
    const {left, top, width, height} = one.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  });
  const free = [];
  for (let x = 0.05; x < 1; x += 0.05) {
    for (let y = 0.05; y < 1; y += 0.05) {
      const at = [box.left + x * box.width, box.top + y * box.height];
      if (stars.every(([a, b]) => Math.hypot(a - at[0], b - at[1]) > 30))
        free.push({at, share: [x, y], far: Math.hypot(x - 0.5, y - 0.5)});
    }
  }
  return free.sort((a, b) => b.far - a.far)[0];
}"""
SEEN = "(({x, y, width}) => [x, y, width])(document.querySelector('.sky svg').viewBox.baseVal)"


def test_the_map_is_moved_by_a_click_between_stars(opened, url):
    page = opened(url)
    page.wait_for_selector(".quiet circle")
    for _ in range(3):
        page.click(".zoom button >> nth=0")
    page.locator(".sky").scroll_into_view_if_needed()
    left, top, side = page.evaluate(SEEN)
    place = page.evaluate(BETWEEN_STARS)
    page.mouse.click(*place["at"])
    size = 640
    middle = [
        begin + share * side for begin, share in zip((left, top), place["share"], strict=True)
    ]
    expected = [min(max(at - side / 2, 0), size - side) for at in middle]
    assert page.evaluate(SEEN) == pytest.approx([*expected, side], abs=1)
    assert expected != pytest.approx([left, top], abs=10)
    assert focused(page) != "goals"  # nobody was opened


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_long_words_and_scripts_from_right_to_left_fit(opened, url, width):
    page = opened(url, width=width)
    turn = "document.documentElement.dir = 'rtl'"
    page.evaluate(turn)
    ask(page)
    page.click(".after .secondary")
    until(page, "document.querySelectorAll('.card').length > 10")
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(fits)
    page.goto(f"{url}/?mentor=long")
    page.wait_for_selector("dialog .bio")
    page.evaluate(turn)
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog'))")
    assert page.evaluate(fits)
    page.wait_for_selector(".chosen .rank", state="attached")
    began = """[...document.querySelectorAll('.rank')].map(one => {
      const box = one.getBBox();
      return (box.x - one.getAttribute('x')) / box.width;
    })"""
    assert page.evaluate(began) == pytest.approx([0.0] * 10, abs=0.1)


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_whoever_wants_that(opened, url, motion, moves):
    page = opened(url, reduced_motion=motion)
    with holding(page) as held:
        page.fill("#goals", GOAL)
        page.click("button[type=submit]")
        page.wait_for_selector(".skeleton")
        assert bool(page.evaluate("document.getAnimations().length")) == moves
        held[0].continue_()
    page.wait_for_selector(".card:not(.skeleton)")


def test_a_map_that_has_become_another_is_asked_for_again(opened, url):
    page = opened(url)

    def older(route):
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"map": "older"})

    page.route("**/v1/map", older, times=1)
    page.reload()
    page.wait_for_selector(".quiet circle")
    ask(page)
    page.wait_for_selector(".chosen .star")


def test_a_map_of_many_is_drawn_at_once(opened, url):
    page = opened(url)
    points = [
        {"mentor": f"m{n}", "headline": f"Mentor {n}", "x": (n % 50) / 50, "y": (n // 50) / 40}
        for n in range(2_000)
    ]
    many = {"index_version": "v", "map": "m", "total": 9_000, "points": points}
    page.route("**/v1/map", lambda route: route.fulfill(json=many))
    page.reload()
    page.wait_for_selector(".quiet circle")
    assert page.locator(".quiet circle").count() == 2_000
    assert "2,000 of 9,000 mentors are drawn." in page.inner_text(".map")
    page.focus(".sky")
    began = page.evaluate("performance.now()")
    for key in ("ArrowRight", "+", "ArrowUp", "-"):
        page.keyboard.press(key)
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    assert page.evaluate("performance.now()") - began < 2_000
