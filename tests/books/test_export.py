"""A book is exported whole, honestly and safely in every format."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from markdown_it import MarkdownIt

from books.export import FORMATS, export_book
from books.export.formats import download
from books.export.manuscript import Manuscript, WrittenChapter, manuscript_of, unwritten_words
from books.models import BookVersion
from chapterflow_site.core.exceptions import Conflict, NotFound

from .factories import add_chapter, exported, make_version, write_text, written_book

HOSTILE = "Ferry\x00 <script>&\x1b “House” ]]> \ufffe"
XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


def hostile_book(owner: User) -> BookVersion:
    version = written_book(owner, 2, title=HOSTILE, author=HOSTILE, language="en us", description=HOSTILE)
    chapter = add_chapter(version, 3, title=HOSTILE)
    write_text(
        chapter, f"# {HOSTILE}\n\n<b onclick=x>{HOSTILE}</b> &nbsp; \u00a0 a  \nb\n\n---\n\n3. c [c-3-1]"
    )
    return version


def open_epub(version: BookVersion) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(exported(version, "epub")))


@pytest.mark.parametrize("format", FORMATS)
def test_same_content_gives_the_same_bytes(person: User, format: str) -> None:
    version = written_book(person)

    assert exported(version, format) == exported(version, format)


@pytest.mark.parametrize("format", FORMATS)
def test_unfinished_book_says_so(person: User, format: str) -> None:
    version = written_book(person, 5, unwritten=[4, 5])

    data = exported(version, format)
    texts = [data] if format != "epub" else [open_epub(version).read("EPUB/title.xhtml")]

    assert any("Chapters 4 and 5 are not written yet." in text.decode() for text in texts)


def test_unknown_format_is_refused(person: User) -> None:
    with pytest.raises(NotFound) as refusal:
        export_book(written_book(person, 1), "exe")

    assert refusal.value.code == "unknown_format"


def test_nothing_written_is_nothing_to_export(person: User) -> None:
    with pytest.raises(Conflict) as refusal:
        export_book(written_book(person, 2, unwritten=[1, 2]), "md")

    assert refusal.value.code == "nothing_written"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Ferry House", "the-ferry-house-v1.epub"),
        ('../../etc/passwd\r\nX: "y"', "etcpasswd-x-y-v1.epub"),
        ("Das Fährhaus", "das-fährhaus-v1.epub"),
        ("渡し場の家", "渡し場の家-v1.epub"),
        ("ذكريات أبي", "ذكريات-أبي-v1.epub"),
        ("हिन्दी में", "हिन्दी-में-v1.epub"),
        ("上" * 80, "上" * 66 + "-v1.epub"),
        ("x" * 300, "x" * 80 + "-v1.epub"),
    ],
)
def test_file_name_is_safe(person: User, title: str, name: str) -> None:
    file = export_book(written_book(person, 1, title=title), "epub")
    file.content.close()

    assert file.name == name


def test_title_without_letters_falls_back_to_the_book_id(person: User) -> None:
    version = written_book(person, 1, title="… !")

    file = export_book(version, "md")
    file.content.close()

    assert file.name == f"{version.book.book_id}-v1.md"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], ""),
        ([4], "Chapter 4 is not written yet."),
        ([4, 5], "Chapters 4 and 5 are not written yet."),
        ([1, 2, 3, 4, 9], "Chapters 1 to 4 and 9 are not written yet."),
        ([1, 2, 3], "Chapters 1 to 3 are not written yet."),
        ([2, 3, 7, 11, 12], "Chapters 2, 3, 7, 11 and 12 are not written yet."),
        (
            list(range(1, 61, 2)),
            "Chapters 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 18 more are not written yet.",
        ),
    ],
)
def test_missing_chapters_in_words(numbers: list[int], words: str) -> None:
    assert unwritten_words(numbers) == words


def test_json_has_chapters_with_four_keys_and_citations(person: User) -> None:
    version = written_book(person, 3, unwritten=[3])

    document = json.loads(exported(version, "json"))

    assert document["version"]["unwritten_chapters"] == [3]
    assert [list(chapter) for chapter in document["chapters"]] == 2 * [
        ["metadata", "content", "source_references", "generation_metadata", "citations", "sources"]
    ]
    assert document["chapters"][0]["citations"][0] == {
        "paragraph": 1,
        "quote": "The river closed in winter 1.",
        "chunk_id": "c-1-1",
    }
    assert document["chapters"][0]["sources"][0]["text"].startswith("The river closed in winter 1. You do")


def test_markdown_turns_marks_into_footnotes(person: User) -> None:
    text = exported(written_book(person, 2), "md").decode()

    assert text.startswith("# The Ferry House\n\n*Three voices*\n")
    assert "Version 1. Selected quotations, no AI." in text
    assert "## 2\\. Chapter title 2" in text
    assert "The river closed in winter 2.[^2-1]" in text
    assert "[^2-1]: Ottilie Varnholt, Tape 3, 12:41" in text
    assert "[c-2-1]" not in text


def test_markdown_keeps_html_of_a_text_from_running(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)
    write_text(
        chapter, "<script>x</script> \\\\<b> \\<i> <https://a.example> ![p](http://t.example) \\!a! [c-1-1]"
    )

    text = exported(chapter.version, "md").decode()

    assert "\\<script>x\\</script> \\\\\\<b> \\<i> <https://a.example> [p](http://t.example) \\!a!" in text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("[x](javascript:alert(1))", "[x\\](javascript:alert(1))"),
        ("[x]( JaVaScRiPt:alert(1))", "[x\\]( JaVaScRiPt:alert(1))"),
        ("![x](data:text/html,1)", "[x\\](data:text/html,1)"),
        ("[x][1]", "[x\\][1]"),
        ("[1]: javascript:alert(1)", "[1\\]: javascript:alert(1)"),
        ("[a [b](vbscript:x)](https://a.example)", "[a [b\\](vbscript:x)\\](https://a.example)"),
        ("<javascript:alert(1)>", "\\<javascript:alert(1)>"),
        (
            "[x](https://a.example/?b=(c)) <mailto:a@b.example>",
            "[x](https://a.example/?b=(c)) <mailto:a@b.example>",
        ),
        ("[sic] and [1]", "[sic] and [1]"),
    ],
)
def test_markdown_leads_to_the_web_and_to_mail_only(person: User, written: str, kept: str) -> None:
    chapter = add_chapter(make_version(person), 1)
    write_text(chapter, f"Before.\n\n{written}\n\nAfter.")

    text = exported(chapter.version, "md").decode()

    assert f"Before.\n\n{kept}\n\nAfter." in text
    links = [
        child.attrs["href"]
        for each in MarkdownIt().parse(text)
        for child in each.children or ()
        if child.attrs
    ]
    assert all(str(link).startswith(("https://", "mailto:")) for link in links)


def test_markdown_puts_a_chapters_headings_below_its_title(person: User) -> None:
    chapter = add_chapter(make_version(person), 1)
    write_text(chapter, "# Chapter title 1\n\n# One\n\n## Two\n\ntext")

    text = exported(chapter.version, "md").decode()

    assert re.findall(r"^#+ .*", text, re.MULTILINE)[1:] == ["## 1\\. Chapter title 1", "### One", "### Two"]


def test_epub_begins_with_its_stored_type(person: User) -> None:
    data = exported(written_book(person, 1), "epub")

    assert data[30:58] == b"mimetypeapplication/epub+zip"


def test_epub_is_well_formed_whatever_the_text(person: User) -> None:
    archive = open_epub(hostile_book(person))

    for name in archive.namelist():
        if name.endswith((".xml", ".opf", ".ncx", ".xhtml")):
            ElementTree.fromstring(archive.read(name))
    assert archive.testzip() is None


def test_every_link_of_an_epub_leads_somewhere(person: User) -> None:
    archive = open_epub(written_book(person, 3))
    names = [name for name in archive.namelist() if name.endswith(".xhtml")]
    pages = {name: ElementTree.fromstring(archive.read(name)) for name in names}
    ids = {name: {element.get("id") for element in page.iter()} for name, page in pages.items()}

    links = [(name, link.get("href", "")) for name, page in pages.items() for link in page.iter(f"{XHTML}a")]

    assert len(links) == 19
    for name, href in links:
        file, _, fragment = href.partition("#")
        target = f"EPUB/{file}" if file else name
        assert target in ids
        assert not fragment or fragment in ids[target]


def test_epub_lists_every_file_once_in_order(person: User) -> None:
    archive = open_epub(written_book(person, 12))
    package = ElementTree.fromstring(archive.read("EPUB/book.opf"))

    hrefs = {item.get("id"): item.get("href") for item in package.iter(f"{OPF}item")}
    spine = [hrefs[item.get("idref")] for item in package.iter(f"{OPF}itemref")]

    assert sorted(f"EPUB/{href}" for href in hrefs.values()) == sorted(archive.namelist()[3:])
    assert spine[2:] == [f"chapter-{number:05}.xhtml" for number in range(1, 13)]


def test_epub_names_the_book(person: User) -> None:
    version = written_book(person, 1, author="Josefa Tidewell")
    package = ElementTree.fromstring(open_epub(version).read("EPUB/book.opf"))

    assert [title.text for title in package.iter(f"{DC}title")] == ["The Ferry House", "Three voices"]
    assert package.findtext(f".//{DC}creator") == "Josefa Tidewell"
    assert package.findtext(f".//{DC}language") == "en"
    assert (package.findtext(f".//{DC}identifier") or "").startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("language", "tag", "direction"),
    [("ar", "ar", "rtl"), ("Hebrew", "he", "rtl"), ("de", "de", "ltr"), ("Klingonish", "und", "ltr")],
)
def test_epub_runs_as_its_language_is_written(person: User, language: str, tag: str, direction: str) -> None:
    archive = open_epub(written_book(person, 1, language=language))

    package = ElementTree.fromstring(archive.read("EPUB/book.opf"))
    page = ElementTree.fromstring(archive.read("EPUB/chapter-00001.xhtml"))

    spine = package.find(f"{OPF}spine")
    assert spine is not None
    assert (spine.get("page-progression-direction"), package.get("dir")) == (direction, direction)
    assert (page.get("dir"), page.get("lang")) == (direction, tag)


def test_epub_has_no_scripts_and_its_notes_lead_back(person: User) -> None:
    archive = open_epub(hostile_book(person))
    tags: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.add(tag)  # type: ignore[method-assign]

    chapter = archive.read("EPUB/chapter-00003.xhtml").decode()
    parser.feed(chapter)

    assert "script" not in tags
    assert '<a role="doc-backlink" href="#cite-1"' in chapter
    assert 'epub:type="noteref"' in chapter


@pytest.mark.parametrize("format", FORMATS)
def test_queries_do_not_grow_with_the_chapters(
    person: User, format: str, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    version = written_book(person, 40)

    with django_assert_max_num_queries(4):  # type: ignore[operator]
        exported(version, format)


@pytest.mark.parametrize("format", FORMATS)
def test_chapters_are_written_as_they_are_read(
    person: User, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = written_book(person, 3)
    at: list[int] = []
    target = io.BytesIO()
    read = Manuscript.chapters

    def watched(manuscript: Manuscript, **options: bool) -> Iterator[WrittenChapter]:
        for written in read(manuscript, **options):
            at.append(target.tell())
            yield written

    monkeypatch.setattr(Manuscript, "chapters", watched)
    FORMATS[format].write(manuscript_of(version), target)

    assert at[0] < at[1] < at[2] < target.tell()


def test_json_is_one_document_whatever_is_in_its_texts(person: User) -> None:
    version = hostile_book(person)
    data = exported(version, "json")

    assert data == json.dumps(json.loads(data), ensure_ascii=False, indent=1).encode()


@pytest.mark.django_db(transaction=True)
def test_who_takes_a_file_slowly_keeps_no_connection(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    file = export_book(written_book(person, 1), "json")
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))

    response = download(file)

    assert closed == [True]
    response.close()
