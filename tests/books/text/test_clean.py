"""What recorders and transcription programs put around speech is no speech."""

import pytest

from books.text.clean import clean_transcript

TURNS = "Ann Smith: I was born in Hull in 1931.\n\nInterviewer: And then?\n\nAnn Smith: We left the town."


@pytest.mark.parametrize(
    "uploaded",
    [
        "Ann Smith  0:01\n{}\n\nInterviewer  0:09\n{}\n\nAnn Smith  0:11\n{}",
        "Ann Smith (00:01):\n{}\n\nInterviewer (00:09):\n{}\n\nAnn Smith (00:11):\n{}",
        "[00:01] Ann Smith: {}\n\n[00:09] Interviewer: {}\n\n[00:11] Ann Smith: {}",
        "[Ann Smith] 00:00:01\n{}\n\n[Interviewer] 00:00:09\n{}\n\n[Ann Smith] 00:00:11\n{}",
    ],
    ids=["otter", "rev", "times first", "zoom"],
)
def test_labels_with_times_become_turns(uploaded: str) -> None:
    said = ("I was born in Hull in 1931.", "And then?", "We left the town.")

    clean = clean_transcript(uploaded.format(*said))

    assert clean.text == TURNS
    assert [(turn.speaker, turn.seconds) for turn in clean.turns] == [
        ("Ann Smith", 1.0),
        ("Interviewer", 9.0),
        ("Ann Smith", 11.0),
    ]
    assert all(clean.text.startswith(f"{turn.speaker}: ", turn.start) for turn in clean.turns)


def test_subtitles_of_a_meeting_become_turns() -> None:
    clean = clean_transcript(
        "WEBVTT\n\n2f1c/1-0\n00:00:00.000 --> 00:00:03.000\n<v Ann Smith>I was born\nin Hull.</v>\n\n"
        "2f1c/2-0\n00:00:03.500 --> 00:00:04.000\n<v Bob>And <i>then</i>?</v>"
    )

    assert clean.text == "Ann Smith: I was born in Hull.\nBob: And then?"
    assert clean.speakers == ("Ann Smith", "Bob")


@pytest.mark.parametrize(
    ("uploaded", "said", "seconds"),
    [
        (
            "[00:01:02.10] I was born in Hull. [00:01:09.00] My father was a tailor. [00:01:15] We had nothing.",
            "I was born in Hull. My father was a tailor. We had nothing.",
            [62.1, 69.0, 75.0],
        ),
        (
            "[00:00.000 --> 00:04.000]  I was born.\n[00:04.000 --> 00:06.000]  We left.",
            "I was born. We left.",
            [0, 4],
        ),
        (
            "[SPEAKER_00]: Hi there.\n[SPEAKER_01]: Ho.",
            "SPEAKER_00: Hi there.\nSPEAKER_01: Ho.",
            [None, None],
        ),
    ],
)
def test_timecodes_are_places_and_no_words(uploaded: str, said: str, seconds: list[float | None]) -> None:
    clean = clean_transcript(uploaded)

    assert clean.text == said
    assert [turn.seconds for turn in clean.turns] == seconds


def test_entities_and_tags_are_read() -> None:
    assert (
        clean_transcript("Tom &amp; Ann said &quot;no&quot; <i>twice</i>.").text
        == 'Tom & Ann said "no" twice.'
    )


@pytest.mark.parametrize(
    "said",
    [
        "We met at 10:30.\nLuke 3:16\nand so on",
        "If a < b and b > c, then AT&T; is right.",
        "No. No. No. I said: never!",
        "Interviewer: Where?\nAnn: Hull [laughs], in 1931.",
        "[00:01:02]",
        "  two  spaces\n\n\nand lines ",
    ],
)
def test_what_people_say_stays_as_it_is(said: str) -> None:
    assert clean_transcript(said).text == said


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("SPEAKER_00: Hi there.\nSpeaker 2: Ho.\n\nSPEAKER_00: Yes.", ("SPEAKER_00", "Speaker 2")),
        ("Sprecherin A: Ja.\nINTERVIEWER: Und dann?", ("Sprecherin A",)),
        ("话者: x\n说话人1: x\nГоворящий 1:\tx", ("说话人1", "Говорящий 1")),
        ("JOHN: I was born.\nNote: he laughs\nPerson 2 said: no", ()),
        ("We met. SPEAKER_00: Hi.\nSPEAKER_01:Ho.\nSPEAKER_02 Ho.", ()),
    ],
)
def test_labels_without_a_time_that_name_nobody_are_told(text: str, labels: tuple[str, ...]) -> None:
    clean = clean_transcript(text)

    assert (clean.text, clean.labels, clean.speakers, clean.turns) == (text, labels, labels, ())


@pytest.mark.parametrize(
    "loop",
    [
        "Thank you for watching. " * 28,
        "[00:01] Thank you for watching.\n" * 28,
        "Thank you for watching " * 28,
        "".join(f"Thank you for watching. [00:{second:02}] " for second in range(28)),
    ],
)
def test_endless_repetition_is_left_out_and_counted(loop: str) -> None:
    clean = clean_transcript(
        f"I was born in Hull and my father was a tailor. {loop}We left the town in 1949."
    )

    assert (
        " ".join(clean.text.split())
        == "I was born in Hull and my father was a tailor. We left the town in 1949."
    )
    assert [(each.sentence.strip("."), each.times) for each in clean.loops] == [
        ("Thank you for watching", 28)
    ]


@pytest.mark.parametrize(
    "text",
    ["[00:01] " * 50_000, "a b c " * 50_000, "<v a> --> \n" * 20_000, " " * 100_000 + "0:01", "s\n" * 90_000],
)
def test_hostile_texts_end(text: str) -> None:
    assert len(clean_transcript(text).text) <= len(text)


@pytest.mark.parametrize("mark", ["\x021\x03", "\x02" + "9" * 5_000 + "\x03", "\x02\x03"])
@pytest.mark.parametrize("time", ["", "[0:07] "])
def test_marks_of_our_own_in_an_upload_stand_for_nothing(mark: str, time: str) -> None:
    clean = clean_transcript(f"{time}We left{mark} the town.")

    assert clean.text == f"We left{mark.strip(chr(2) + chr(3))} the town."
    assert [turn.seconds for turn in clean.turns] == ([7.0] if time else [])
