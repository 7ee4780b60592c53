"""The report says what the figures say: medians, ratios run by run, and which bars are met."""

import xml.etree.ElementTree as ET

import pytest

OURS, PLAIN, TXTAI = "this engine", "plain", "txtai"


def runs(*p50, **more):
    return [{"p50": value, "p99": 3 * value} | more for value in p50]


@pytest.fixture
def values():
    steps = {
        "indexing": {"size": 10_000, "seconds": {OURS: [100.0, 50.0], PLAIN: [150.0, 200.0]}},
        "encoding": {
            "texts": 10,
            "tokens": 300,
            "default": "bf16",
            "runtimes": {"bf16": "openvino"},
            "per_second": {"plain sentence-transformers": [100.0, 200.0], "bf16": [200.0, 500.0]},
        },
        "requests 1000": {
            "size": 1_000,
            "ms": {OURS: runs(6.0, 9.0, 7.0), PLAIN: runs(20.0, 20.0, 20.0)},
            "left_out_some": {},
            "load_cpu_share": 0.04,
        },
        "requests 100000": {
            "size": 100_000,
            "ms": {OURS: runs(20.0, 16.0, 16.0), PLAIN: runs(100.0, 160.0, 320.0)},
            "left_out_some": {"chromadb": "it needs 9 GiB of memory"},
            "load_cpu_share": 0.07,
        },
        "load": {
            "size": 100_000,
            "clients": {
                OURS: {n: runs(4.0, per_second=200.0) for n in ("1", "8", "32")},
                PLAIN: {n: runs(40.0, per_second=20.0) for n in ("1", "8", "32")},
            },
            "busy": runs(5.0, rate=140.0),
            "memory_mib": {
                OURS: {"Pss": 1_000.0, "Rss": 1_100.0, "Anonymous": 500.0, "File": 600.0}
            },
            "load_cpu_share": 0.02,
        },
        "recall 1000000": {"left_out": "there is not enough memory (index)"},
        "explanation": {
            "size": 1_000,
            "ms": {"with": [10.0], "without": [8.0], TXTAI: [5_000.0]},
        },
    }
    for step in steps.values():
        step |= {"took_s": 900.0, "commit": "abc", "day": "2026-01-02"}
    return {
        "about": {"here": "a machine", "runs": 3, "encoded": 10_000},
        "versions": {"torch": "2"},
        "own_core": False,
        "steps": steps,
    }


@pytest.fixture
def lines(values):
    from speed_report import report

    return report(values, "make bench", "speed.svg").splitlines()


def test_a_bar_is_met_by_the_median(lines):
    assert "| one request, 1,000 mentors, median | 7 ms (6 to 9) | ≤ 8 ms | yes |" in lines
    assert "| one request, 100,000 mentors, median | 16 ms (16 to 20) | ≤ 15 ms | no |" in lines


def test_ratios_are_taken_run_by_run(lines):
    # 100/20, 160/16, 320/16: the ratio of the medians would be 10 as well, the range would not.
    assert "| times faster than plain, 100,000 | 10 (5 to 20) | ≥ 8 | yes |" in lines
    assert (
        "| index 10,000 mentors, times faster than plain | 2.75 (1.5 to 4) | ≥ 2 | yes |" in lines
    )
    name = "tokens a second ÷ plain sentence-transformers, bf16"
    assert f"| {name} | 2.25 (2 to 2.5) | ≥ 2.2 | yes |" in lines


def test_load_is_held_against_a_lone_request_and_a_fair_turn(lines):
    assert "| requests a second ÷ plain, 32 clients, 100,000 mentors | 10 | ≥ 6 | yes |" in lines
    name = "99th percentile with 8 clients ÷ lone median, 100,000"
    assert f"| {name} | 3 | ≤ 8 | yes |" in lines
    name = "99th percentile with 32 clients ÷ (32 ÷ throughput), 100,000"
    assert f"| {name} | 0.075 | ≤ 2 | yes |" in lines  # 12 ms of 160 ms


def test_explaining_is_compared_by_the_whole_request_and_the_difference_stands_beside(lines):
    name = "txtai `explain` for 5 ÷ whole request here, reasons for 5 included"
    assert f"| {name} | 500 | ≥ 100 | yes |" in lines
    assert "| the difference: what reasons cost | 2 |" in lines


def test_memory_is_in_decimal_gigabytes(lines):
    assert "| memory of serving 100,000 mentors (PSS) | 1.05 GB | ≤ 1.2 GB | yes |" in lines


def test_what_is_left_out_is_said(lines):
    assert "Left out at 100,000: chromadb, it needs 9 GiB of memory." in lines
    assert "Left out: recall 1000000, there is not enough memory (index)." in lines
    for size in ("100,000", "1,000,000"):
        assert f"| recall@50 of passages, {size} | not measured | ≥ 0.98 | no |" in lines


def test_the_head_says_how_long_it_took_and_what_sending_took(lines):
    head = "\n".join(lines[:6])
    assert "Measured 2026-01-02 at commit abc, on a machine. torch 2." in head
    assert "in 1.8 hours" in head
    assert "took at most 7% of one" in head


def test_steps_of_another_commit_are_named(values):
    from speed_report import report

    values["steps"]["load"]["commit"] = "def"
    head = report(values, "make bench", "speed.svg").splitlines()[2]
    assert head.startswith("Measured 2026-01-02 at commit abc (indexing, encoding, requests 1000,")
    assert " and 2026-01-02 at commit def (load), on a machine." in head


def test_a_process_a_core_has_rows_of_its_own(values):
    from speed_report import report

    load = values["steps"]["load"]
    several = f"{OURS}, a process a core"
    load["clients"][several] = {n: runs(2.0, per_second=100.0) for n in ("1", "8", "32")}
    load["memory_mib"][several] = dict(load["memory_mib"][OURS], Pss=2_000.0)
    lines = report(values, "make bench", "speed.svg").splitlines()
    name = "requests a second ÷ plain, 32 clients, 100,000 mentors"
    assert f"| {name} | 10 | ≥ 6 | yes |" in lines
    assert f"| {name}, a process a core | 5 | ≥ 6 | no |" in lines
    name = "memory of serving 100,000 mentors (PSS), a process a core"
    assert f"| {name} | 2.1 GB | ≤ 1.2 GB | no |" in lines


def test_the_picture_has_a_line_a_system_and_names_do_not_lie_on_each_other(values):
    from speed_report import picture

    root = ET.fromstring(picture(values))
    space = "{http://www.w3.org/2000/svg}"
    groups = root.findall(f"{space}g")
    assert [group.find(f"{space}text").text for group in groups] == [PLAIN, OURS]
    assert [len(group.findall(f"{space}circle")) for group in groups] == [2, 2]
    # The higher the cost, the higher the point.
    ends = [float(group.findall(f"{space}circle")[-1].get("cy")) for group in groups]
    assert ends[0] < ends[1]


def test_names_of_lines_that_end_together_stand_apart():
    from growth import GAP, picture

    lines = {name: [(1_000, 5.0), (10_000, 10.0)] for name in "abc"}
    root = ET.fromstring(picture("t", "x", lines, "a"))
    space = "{http://www.w3.org/2000/svg}"
    ys = sorted(float(g.find(f"{space}text").get("y")) for g in root.findall(f"{space}g"))
    assert ys[1] - ys[0] >= GAP - 0.1
    assert ys[2] - ys[1] >= GAP - 0.1
    assert float(root.get("viewBox").split()[3]) > ys[2]


def test_figures_of_another_machine_or_commit_are_not_used(tmp_path):
    from speed import Kept

    kept = Kept(tmp_path / "speed.json")
    assert kept.read({"here": "a"}) == {}
    steps = {"cold": {"commit": "abc"}, "load": {"commit": "def"}}
    kept.write({"about": {"here": "a"}, "steps": steps})
    assert kept.read({"here": "a"}, "abc")["steps"] == {"cold": {"commit": "abc"}}
    assert kept.read({"here": "a"})["steps"] == steps
    assert kept.read({"here": "b"}) == {}
    assert kept.read(None)["steps"] == steps
