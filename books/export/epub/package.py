"""The container of an EPUB: its files in order, its package document. Equal content gives equal bytes."""

import uuid
import zipfile
from collections.abc import Iterator
from typing import IO

from books.export.manuscript import Manuscript
from books.text.tags import UNDETERMINED, direction_of, tag_named

from . import pages
from .xml import xml_text

ROOT = "EPUB"
# Any fixed value would do: identifiers must only stay the same from one export to the next.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:chapterflow:book")
_EPOCH = (1980, 1, 1, 0, 0, 0)

_CONTAINER = f"""<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="{ROOT}/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

_ACCESS = """<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityFeature">readingOrder</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityHazard">none</meta>"""


def epub_file(manuscript: Manuscript, target: IO[bytes]) -> None:
    """Write the whole book as an EPUB 3 file, a chapter at a time."""
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, "mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        _add(archive, "META-INF/container.xml", _CONTAINER)
        for name, text in _files(manuscript):
            _add(archive, f"{ROOT}/{name}", text)


def identifier_of(manuscript: Manuscript) -> str:
    """Return the book's identifier: the same for every export of one version."""
    version = manuscript.version
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{version.book.book_id}/{version.name}')}"


def language_of(manuscript: Manuscript) -> str:
    """Return the book's language tag; "und" where what was entered is none."""
    return tag_named(manuscript.book.language) or UNDETERMINED


def _files(manuscript: Manuscript) -> Iterator[tuple[str, str]]:
    language = language_of(manuscript)
    yield "book.opf", _package(manuscript, language)
    yield "nav.xhtml", pages.navigation(manuscript, language)
    yield "toc.ncx", pages.old_navigation(manuscript, identifier_of(manuscript))
    yield "style.css", pages.STYLE
    yield pages.TITLE_PAGE, pages.title_page(manuscript, language)
    for written in manuscript.chapters():
        yield pages.chapter_file(written.number), pages.chapter_page(written, language)


def _add(archive: zipfile.ZipFile, name: str, text: str, compression: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = compression
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, text)


def _package(manuscript: Manuscript, language: str) -> str:
    chapters = [f"chapter-{entry.number}" for entry in manuscript.entries]
    items = "\n".join(
        f'<item id="{name}" href="{pages.chapter_file(entry.number)}" media-type="application/xhtml+xml"/>'
        for name, entry in zip(chapters, manuscript.entries, strict=True)
    )
    spine = "\n".join(f'<itemref idref="{name}"/>' for name in ("title", "nav", *chapters))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" '
        f'xml:lang="{language}" dir="{direction_of(language)}">\n'
        f"{_metadata(manuscript, language)}\n<manifest>\n"
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>\n'
        '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>\n'
        '<item id="style" href="style.css" media-type="text/css"/>\n'
        f'<item id="title" href="{pages.TITLE_PAGE}" media-type="application/xhtml+xml"/>\n{items}\n'
        f'</manifest>\n<spine toc="ncx" page-progression-direction="{direction_of(language)}">\n'
        f"{spine}\n</spine>\n</package>\n"
    )


def _metadata(manuscript: Manuscript, language: str) -> str:
    book = manuscript.book
    lines = [
        f'<dc:identifier id="id">{identifier_of(manuscript)}</dc:identifier>',
        f'<dc:title id="main-title">{xml_text(book.title)}</dc:title>',
        '<meta refines="#main-title" property="title-type">main</meta>',
    ]
    if book.subtitle.strip():
        lines += [
            f'<dc:title id="subtitle">{xml_text(book.subtitle)}</dc:title>',
            '<meta refines="#subtitle" property="title-type">subtitle</meta>',
        ]
    if book.author.strip():
        lines.append(f"<dc:creator>{xml_text(book.author)}</dc:creator>")
    if book.description.strip():
        lines.append(f"<dc:description>{xml_text(book.description)}</dc:description>")
    lines += [
        f"<dc:language>{language}</dc:language>",
        f'<meta property="dcterms:modified">{manuscript.modified_at:%Y-%m-%dT%H:%M:%SZ}</meta>',
        _ACCESS,
    ]
    inner = "\n".join(lines)
    return f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n{inner}\n</metadata>'
