"""The pages of an EPUB: title page, chapters with their notes, both tables of contents."""

from collections.abc import Iterator

from books.export.manuscript import Manuscript, WrittenChapter
from books.reading import SourceView, render_chapter
from books.text.tags import direction_of

from .xml import without_forbidden, xhtml, xml_text

TITLE_PAGE = "title.xhtml"

STYLE = """body { font-family: serif; line-height: 1.5; margin: 0 5%; }
h1, h2, h3, h4, h5, h6 { font-weight: normal; line-height: 1.2; text-align: center; page-break-after: avoid; }
p { margin: 0; text-indent: 1.5em; hyphens: auto; -webkit-hyphens: auto; }
h1 + p, h2 + p, h3 + p, hr + p, header + p { text-indent: 0; }
p.told, p.number { text-indent: 0; }
p.told { margin: 0.8em 0; }
p.number { text-align: center; font-style: italic; margin-top: 3em; }
header h1 { margin: 0.4em 0 2em; }
blockquote { margin: 1em 0 1em 1.5em; }
hr { border: 0; border-top: 1px solid; width: 20%; margin: 1.5em auto; }
a.cite { font-size: 0.7em; vertical-align: super; line-height: 0; text-decoration: none; padding: 0 0.15em; }
section.notes { margin-top: 3em; border-top: 1px solid; font-size: 0.85em; }
section.notes h2 { text-align: left; font-size: 1.2em; }
section.notes li { margin: 0.4em 0; }
section.notes a { text-decoration: none; }
.title-page { text-align: center; margin-top: 25%; }
.title-page p { text-indent: 0; margin: 1em 0; }
.title-page .subtitle { font-style: italic; }
.title-page .imprint { margin-top: 5em; font-size: 0.85em; }
"""


def chapter_file(number: int) -> str:
    """Return the name of a chapter's file; the names sort as the numbers do."""
    return f"chapter-{number:05}.xhtml"


def title_page(manuscript: Manuscript, language: str) -> str:
    """Return the page that names the book, and says so if it is unfinished."""
    book = manuscript.book
    lines = [f"<h1>{xml_text(book.title)}</h1>"]
    if book.subtitle.strip():
        lines.append(f'<p class="subtitle">{xml_text(book.subtitle)}</p>')
    if book.author.strip():
        lines.append(f"<p>{xml_text(book.author)}</p>")
    lines.append(f'<p class="imprint">{xml_text(manuscript.imprint)}</p>')
    body = f'<section class="title-page" epub:type="titlepage">\n{_joined(lines)}\n</section>'
    return _page(book.title, body, language, "frontmatter")


def chapter_page(written: WrittenChapter, language: str) -> str:
    """Return a chapter with notes at its end; each note leads back to its first mark."""
    sources = written.sources
    markdown = without_forbidden(written.revision.markdown)
    rendered = render_chapter(markdown, sources, title=written.title, anchor="n")
    body = (
        '<section epub:type="chapter" role="doc-chapter">\n'
        f'<header><p class="number">Chapter {written.number}</p><h1>{xml_text(written.title)}</h1></header>\n'
        f"{xhtml(rendered.html)}{_notes(sources, rendered.cited)}</section>"
    )
    return _page(f"{written.number}. {written.title}", body, language, "bodymatter")


def navigation(manuscript: Manuscript, language: str) -> str:
    """Return the table of contents of EPUB 3."""
    entries = "\n".join(
        f'<li><a href="{chapter_file(entry.number)}">{entry.number}. {xml_text(entry.title)}</a></li>'
        for entry in manuscript.entries
    )
    body = (
        '<nav epub:type="toc" id="toc" role="doc-toc"><h1>Contents</h1>\n<ol>\n'
        f'<li><a href="{TITLE_PAGE}">{xml_text(manuscript.book.title)}</a></li>\n{entries}\n</ol></nav>'
    )
    return _page("Contents", body, language, "frontmatter")


def old_navigation(manuscript: Manuscript, identifier: str) -> str:
    """Return the table of contents that older e-readers need."""
    title = xml_text(manuscript.book.title)
    points = [(TITLE_PAGE, title)] + [
        (chapter_file(entry.number), f"{entry.number}. {xml_text(entry.title)}")
        for entry in manuscript.entries
    ]
    nav_points = "\n".join(
        f'<navPoint id="nav-{order}" playOrder="{order}"><navLabel><text>{label}</text></navLabel>'
        f'<content src="{name}"/></navPoint>'
        for order, (name, label) in enumerate(points, 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">\n'
        f'<head><meta name="dtb:uid" content="{identifier}"/><meta name="dtb:depth" content="1"/>'
        '<meta name="dtb:totalPageCount" content="0"/><meta name="dtb:maxPageNumber" content="0"/></head>\n'
        f"<docTitle><text>{title}</text></docTitle>\n<navMap>\n{nav_points}\n</navMap>\n</ncx>\n"
    )


def _notes(sources: list[SourceView], cited: frozenset[int]) -> str:
    if not sources:
        return ""
    return (
        '<section class="notes" epub:type="endnotes" role="doc-endnotes">\n'
        "<h2>Where this was told</h2>\n<ol>\n"
        f"{_joined(_note(source, source.number in cited) for source in sources)}\n</ol>\n</section>\n"
    )


def _note(source: SourceView, is_cited: bool) -> str:
    number = source.number
    back = f' <a role="doc-backlink" href="#cite-{number}" title="Back to the text">↩</a>' if is_cited else ""
    return f'<li id="n{number}" epub:type="endnote">{xml_text(source.place)}.{back}</li>'


def _joined(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(lines)


def _page(title: str, body: str, language: str, part: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'lang="{language}" xml:lang="{language}" dir="{direction_of(language)}">\n'
        f"<head><title>{xml_text(title)}</title>"
        '<link rel="stylesheet" type="text/css" href="style.css"/></head>\n'
        f'<body epub:type="{part}">\n{body}\n</body>\n</html>\n'
    )
