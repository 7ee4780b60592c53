import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import sentences as module
from models.sentences import sentences


def test_sentences_are_found_past_abbreviations():
    text = "Dr. Orr leads. She has 2 boards!"
    assert [text[a:b].strip() for a, b in sentences(text)] == [
        "Dr. Orr leads.",
        "She has 2 boards!",
    ]


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(" .!?\n\u2028\u00a0aZ"))))
def test_the_spans_cover_any_text_in_order(text):
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text


def test_a_panic_in_the_library_leaves_lines_as_sentences(monkeypatch):
    class PanicException(BaseException):
        pass

    def segment(_language, _text):
        raise PanicException

    monkeypatch.setattr(module.sentencex, "segment", segment)
    assert sentences("One.\nTwo.") == [(0, 5), (5, 9)]
    monkeypatch.setattr(module.sentencex, "segment", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sentences("One.")


@pytest.mark.parametrize("address", ["Mr.", "Mrs.", "Ms.", "Mx."])
def test_a_form_of_address_ends_no_sentence(address):
    text = f"I asked {address} Tan. So it went."
    assert [text[s:e] for s, e in sentences(text)] == [f"I asked {address} Tan. ", "So it went."]
