"""Lines hold what the text holds, and no more letters than asked for."""

from hypothesis import given
from hypothesis import strategies as st

from forecast.figures.lines import WIDE, broken, width

texts = st.text(alphabet="ab 市場，（）2030.", max_size=60)


@given(texts, st.integers(6, 30))
def test_nothing_is_lost_and_lines_are_short_enough(text, letters):
    lines = broken(text, letters)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line) <= 1.4 * letters + 2 * WIDE for line in lines)
    assert all(line == line.strip() for line in lines)


@given(texts, st.integers(6, 30))
def test_what_is_too_long_ends_with_a_mark(text, letters):
    lines = broken(text, letters, most=2)
    assert len(lines) <= 2
    assert lines[-1].endswith("…") == (len(broken(text, letters)) > 2)
