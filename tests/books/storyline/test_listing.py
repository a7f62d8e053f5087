"""The listing beside the faults: the right lines, short enough to show."""

import pytest

from books.storyline import Fault, StorylineFaults, read_storyline
from books.storyline.listing import LINE_CHARACTERS, ListingLine, listing


def fault(line: int | None, message: str = "Wrong. Correct it.", column: int | None = None) -> Fault:
    return Fault("nodes[0]", message, line, "code", column)


TEXT = "\n".join(f"line {number}" for number in range(1, 21))


def test_lines_around_each_fault_are_listed_once() -> None:
    found = listing(TEXT, [fault(9), fault(6), fault(9, "Worse.")])

    assert [line.number for line in found] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert [line.number for line in found if line.is_fault] == [6, 9]
    assert found[5] == ListingLine(9, "line 9", True, ("Wrong.", "Worse."))
    assert found[0] == ListingLine(4, "line 4", False, ())


def test_listing_stays_inside_the_text() -> None:
    assert [line.number for line in listing(TEXT, [fault(1), fault(20)], context=1)] == [1, 2, 19, 20]
    assert listing(TEXT, [fault(None), fault(99), fault(0)]) == []


def test_only_the_first_faulty_lines_are_listed() -> None:
    found = listing(TEXT, [fault(number) for number in range(20, 0, -1)], context=1, most=3)

    assert [(line.number, line.is_fault) for line in found] == [(1, True), (2, True), (3, True), (4, False)]


@pytest.mark.parametrize("column", [1, 61, 500, 999, 1000, None])
def test_long_lines_are_cut_around_their_fault(column: int | None) -> None:
    line = "".join(chr(0x4E00 + number) for number in range(1000))

    [found] = listing(line, [fault(1, column=column)])

    assert len(found.text) <= LINE_CHARACTERS
    assert line[(column or 1) - 1] in found.text
    assert found.text.strip("…") in line


def test_long_line_comes_once_for_each_of_its_faults() -> None:
    found = listing("x" * 1000, [fault(1, "First.", 10), fault(1, "Second.", 900)])

    assert [(line.number, line.notes) for line in found] == [(1, ("First.",)), (1, ("Second.",))]


def test_full_stop_in_a_quoted_word_does_not_end_the_note() -> None:
    [found] = listing("x", [fault(1, "The id “a. b” is used 1.5 times. Keep one.")])

    assert found.notes == ("The id “a. b” is used 1.5 times.",)


@pytest.mark.parametrize(
    "data", ['\ufeff[{"id": 1},\r\n{"id": 1}]', b'\xef\xbb\xbf[{"id": 1},\r\n{"id": 1}]']
)
def test_listing_counts_lines_as_the_faults_do(data: bytes | str) -> None:
    with pytest.raises(StorylineFaults) as caught:
        read_storyline(data)

    found = listing(data, caught.value.faults)

    assert [(line.number, line.text, line.is_fault) for line in found] == [
        (1, '[{"id": 1},', False),
        (2, '{"id": 1}]', True),
    ]
    assert found[1].notes == ("The id “1” is used twice; the first is in line 1.",)


def test_text_that_is_not_utf8_can_be_listed() -> None:
    data = '[{"id":\n "é"}]'.encode("latin-1")
    with pytest.raises(StorylineFaults) as caught:
        read_storyline(data)

    found = listing(data, caught.value.faults)

    assert (found[1].text, found[1].is_fault) == (' "\N{REPLACEMENT CHARACTER}"}]', True)
