"""What a person, a tool or a file calls a language becomes one tag, or is said not to be known."""

import pytest

from books.text.tags import direction_of, name_of, tag_named


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("English", "en"),
        ("english (US)", "en-US"),
        ("en_US", "en-US"),
        ("EN-us", "en-US"),
        ("eng", "en"),
        ("Deutsch", "de"),
        ("espanol", "es"),
        ("Brazilian Portuguese", "pt-BR"),
        ("Chinese (Simplified)", "zh-Hans"),
        ("zh_hans_cn", "zh-Hans-CN"),
        ("中文", "zh"),
        ("iw", "he"),
        ("es-419", "es-419"),
        ("quc", "quc"),
        ("de-CH-1996", "de-CH-1996"),
    ],
)
def test_names_and_spellings_become_one_tag(said: str, tag: str) -> None:
    assert tag_named(said) == tag
    assert tag_named(tag) == tag


@pytest.mark.parametrize(
    "said",
    [
        "Klingonish",
        "not a language",
        "xx",
        "e",
        "a b",
        "!",
        "",
        "1234",
        "en--us",
        "(a" * 2_000,
        "a (" * 50_000,
    ],
)
def test_what_names_no_language_has_no_tag(said: str) -> None:
    assert tag_named(said) == ""


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("ckb", "rtl"),
        ("az-Arab", "rtl"),
        ("ar-Latn", "ltr"),
        ("en", "ltr"),
        ("az", "ltr"),
    ],
)
def test_direction_is_that_of_the_script(tag: str, direction: str) -> None:
    assert direction_of(tag) == direction


def test_names_are_english() -> None:
    assert [name_of(tag) for tag in ("de", "de-AT", "gsw", "zh", "quc")] == [
        "German", "German", "Swiss German", "Chinese", "quc"
    ]  # fmt: skip
