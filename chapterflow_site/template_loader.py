"""Loads the project's own templates without the white space that only readers of the source need.

Decision 36 says why. The rule, which is that of JSX: a line break with the white space around it

- is nothing beside a tag, whether of HTML or of Django, and at either end of a template;
- is one space between words; a `{{ variable }}` is a word;
- is one space within a tag, and nothing before its `>`;
- stays in `pre`, `textarea`, `script` and `style`.

All other white space stays. `{{ " " }}` at the end of a line is a space beside a tag, and costs nothing.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.template import Template, TemplateDoesNotExist
from django.template.base import DebugLexer, Lexer, NodeList, Origin, Parser, Token, TokenType
from django.template.loaders import base, cached

SPACE = '" "'
_OUTSIDE = re.compile(
    r"<!--.*?-->|</?(?P<name>[a-z][a-z0-9-]*)|<!|(?P<line_break>\s*\n\s*)", re.IGNORECASE | re.DOTALL
)
_INSIDE = re.compile(r"[\"']|>|(?P<line_break>\s*\n\s*)")
_TAG = re.compile(r"<[a-z/!]", re.IGNORECASE)
_KEPT = frozenset({"pre", "textarea", "script", "style"})


class SqueezedTemplate(Template):
    """A template without the line breaks of its source, whose faults are still told by the source's lines."""

    def compile_nodelist(self) -> NodeList:
        """Compile what is left of the source. But for the squeezing, this is what Django does."""
        lexer = DebugLexer if self.engine.debug else Lexer
        tokens = squeeze(lexer(self.source).tokenize())
        libraries, builtins = self.engine.template_libraries, self.engine.template_builtins
        parser = Parser(tokens, libraries, builtins, self.origin)
        try:
            nodes = parser.parse()
        except Exception as error:
            if self.engine.debug and (token := getattr(error, "token", None)):
                error.template_debug = self.get_exception_info(error, token)  # type: ignore[attr-defined]
            raise
        self.extra_data = parser.extra_data
        return nodes


class _SqueezingLoader(base.Loader):
    """What `cached.Loader` asks for a template that it does not hold yet, so that each is squeezed once a process."""

    def get_template(self, template_name: str, skip: list[Origin] | None = None) -> Template:
        """Return the project's template of that name, squeezed, or else another's, as it was written."""
        for origin in self.get_template_sources(template_name):
            if _is_own(origin) and origin not in (skip or ()):
                with suppress(TemplateDoesNotExist):
                    source = self.get_contents(origin)  # type: ignore[attr-defined]  # as every loader has it
                    return SqueezedTemplate(source, origin, template_name, self.engine)
        return super().get_template(template_name, skip)


class Loader(cached.Loader, _SqueezingLoader):
    """Django's cached loader, which keeps the project's templates squeezed."""


def squeeze(tokens: list[Token]) -> list[Token]:
    """Return the tokens of a template without comments and without the line breaks of its source."""
    squeezer = Squeezer()
    joined = list(_without_comments(tokens))
    for number, token in enumerate(joined):
        if token.token_type is TokenType.TEXT:
            after = joined[number + 1] if number + 1 < len(joined) else None
            token.contents = squeezer.squeeze(token.contents, joined[number - 1] if number else None, after)
    return [_as_text(token) for token in joined if token.contents or token.token_type is not TokenType.TEXT]


def _is_own(origin: Origin) -> bool:
    return Path(origin.name).is_relative_to(settings.BASE_DIR / "templates")


def _without_comments(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens, the text around a comment as one: what stands in the source there is one line break."""
    text: Token | None = None
    for token in tokens:
        if token.token_type is TokenType.COMMENT:
            continue
        if token.token_type is TokenType.TEXT and text:
            text.contents += token.contents
            continue
        text = token if token.token_type is TokenType.TEXT else None
        yield token


def _as_text(token: Token) -> Token:
    """Return `{{ " " }}` as the space that it is, so that nothing is computed for it."""
    if token.token_type is TokenType.VAR and token.contents == SPACE:
        return Token(TokenType.TEXT, " ", token.position, token.lineno)
    return token


class Squeezer:
    """Goes through the texts of one template in order, and knows whether it is within a tag of HTML."""

    def __init__(self) -> None:
        self.is_in_tag = False
        self._quote = self._name = self._kept = ""

    def squeeze(self, text: str, before: Token | None, after: Token | None) -> str:
        """Return the text that stands between two tokens, None at the template's ends, without its line breaks."""
        pieces: list[str] = []
        at, is_beside_tag = 0, _is_tag(before)
        while at < len(text):
            match = self._next(text, at)
            if not match:
                pieces.append(text[at:])
                break
            pieces.append(text[at : match.start()])
            is_beside_tag = is_beside_tag and match.start() == at
            rest = text[match.end() :]
            if match.groupdict().get("line_break"):
                pieces.append(self._instead(is_beside_tag, rest, after))
            else:
                pieces.append(match[0])
                is_beside_tag = self._pass(match)
            at = match.end()
        return "".join(pieces)

    def _next(self, text: str, at: int) -> re.Match[str] | None:
        if self.is_in_tag:
            return _INSIDE.search(text, at)
        if self._kept:
            return re.compile(f"</(?P<name>{self._kept})", re.IGNORECASE).search(text, at)
        return _OUTSIDE.search(text, at)

    def _instead(self, is_beside_tag: bool, rest: str, after: Token | None) -> str:
        """Return what stands instead of a line break."""
        if self.is_in_tag:
            return "" if rest.startswith((">", "/>")) and not self._quote else " "
        is_before_tag = bool(_TAG.match(rest)) if rest else _is_tag(after)
        return "" if is_beside_tag or is_before_tag else " "

    def _pass(self, match: re.Match[str]) -> bool:
        """Note where it is after a sign of HTML; return whether a tag has just ended."""
        sign = match[0]
        if not self.is_in_tag:
            self.is_in_tag = not sign.startswith("<!--")
            self._name = "" if sign.startswith(("</", "<!")) else (match["name"] or "").lower()
            return not self.is_in_tag
        if sign == ">" and not self._quote:
            self.is_in_tag = False
            self._kept = self._name if self._name in _KEPT else ""
            return True
        if sign in "\"'" and self._quote in {"", sign}:
            self._quote = "" if self._quote else sign
        return False


def _is_tag(token: Token | None) -> bool:
    """Return whether a line break vanishes beside the token: a tag, a written space, an end of the template."""
    return token is None or token.token_type is TokenType.BLOCK or token.contents == SPACE
