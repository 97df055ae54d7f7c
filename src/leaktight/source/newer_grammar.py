"""Rewrites source of a newer Python grammar for an older parser, keeping lines and nearly all columns.

Read are: `except A, B:` (PEP 758), type parameters and `type X = …` (PEP 695, 696), f-strings that reuse
quotes or hold backslashes and comments (PEP 701), t-strings (PEP 750), lazy imports (PEP 810).
What changes on the way is only what no analysis needs: escapes inside nested strings become blanks.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<prefix>[rRbBfFuUtT]{0,2})(?P<quote>\"{3}|'{3}|\"|')|(?P<name>\w+)|(?P<comment>\#[^\n]*)|[^\S\n]+|\\?\n|.""",
    re.VERBOSE | re.DOTALL,
)
_TYPE_PARAMETERS = re.compile(r"(?:def|class)\s+\w+\s*(?=\[)")
_TYPE_ALIAS = re.compile(r"type[ \t]+(\w+)[ \t]*(?=[\[=])")
_EXCEPT = re.compile(r"except[ \t]*\*?(?=[ \t])")
_LAZY = re.compile(r"lazy[ \t]+(?=import\b|from\b)")
_OTHER_QUOTE = {'"': "'", "'": '"', '"""': "'''", "'''": '"""'}
_DEEPEST = 12


class _TooNew(Exception):
    """The source can't be put in the older grammar."""


def rewrite(text: str) -> str | None:
    """Give the source in older grammar, or None if there is nothing to rewrite or no way to."""
    try:
        rewriter = _Rewriter(text)
        rewriter.code(0, "", ())
    except _TooNew:
        return None
    result = "".join(rewriter.out)
    return result if result != text else None


class _Rewriter:
    """One pass over the source; `out` holds its characters and is edited in place."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.out = list(text)

    def code(self, at: int, stop: str, quotes: tuple[str, ...]) -> int:
        """Rewrite code from `at` to a character of `stop` outside brackets; give where that is.

        `quotes` are those of the f-strings this code is a replacement field of, outermost first.
        """
        depth = 0
        starts = not stop
        while at < len(self.text):
            token = _TOKEN.match(self.text, at)
            assert token is not None  # the last alternative takes any character
            found = token[0]
            if depth == 0 and found in stop and self.text[at : at + 2] != "!=":
                return at
            if token["quote"]:
                at = self.string(at, token["prefix"], token["quote"], quotes)
                starts = False
                continue
            if token["comment"] and quotes:
                self.blank(at, token.end())
            elif found in {"(", "[", "{"}:
                depth += 1
            elif found in {")", "]", "}"}:
                depth -= 1
            elif quotes and (found in {"\\", "\\\n"} or (found == "\n" and len(quotes[-1]) == 1)):
                raise _TooNew
            elif token["name"] and not quotes and depth == 0:
                at = self.statement(at, found, starts=starts) or token.end()
                starts = False
                continue
            if not (found.isspace() or token["comment"]):
                starts = found in {";", ":"} and depth == 0
            elif found == "\n" and depth == 0:
                starts = not stop
            at = token.end()
        return at

    def statement(self, at: int, name: str, *, starts: bool) -> int | None:
        """Rewrite the head of a statement if it may be of a newer grammar; give where to go on."""
        if name in {"def", "class"} and (match := _TYPE_PARAMETERS.match(self.text, at)):
            return self.type_parameters(match.end())
        if not starts:
            return None
        if name == "type" and (match := _TYPE_ALIAS.match(self.text, at)):
            self.out[at : match.end()] = match[1].ljust(match.end() - at)
            return self.type_parameters(match.end()) if self.text[match.end()] == "[" else match.end()
        if name == "except" and (match := _EXCEPT.match(self.text, at)):
            return self.handler(match.end())
        if name == "lazy" and (match := _LAZY.match(self.text, at)):
            self.out[at : match.end()] = [""] * (match.end() - at)
            return match.end()
        return None

    def type_parameters(self, at: int) -> int:
        """Blank `[T: (int, str) = int]`; where it spans lines, join them."""
        end = self.code(at + 1, "]", ()) + 1
        self.blank(at, end)
        for newline in (place for place in range(at, end) if self.text[place] == "\n"):
            joined = self.text[newline - 1] == "\n"
            self.out[newline - 1 if not joined else newline] = "\\\n" if joined else "\\"
        return end

    def handler(self, at: int) -> int:
        """Put parentheses around `A, B` in `except A, B:`, in the place of blanks where there are some."""
        place, commas = self.code(at, ",:", ()), 0
        while place < len(self.text) and self.text[place] == ",":
            commas += 1
            place = self.code(place + 1, ",:", ())
        if commas and place < len(self.text):
            self.out[at] = "("
            self.out[place] = "):"
            if self.text[place + 1 : place + 2] == " ":
                self.out[place + 1] = ""
        return place

    def string(self, at: int, prefix: str, quote: str, quotes: tuple[str, ...]) -> int:
        """Rewrite one string literal, with the fields of an f-string; give where it ends."""
        start = at + len(prefix)
        if "t" in prefix.lower():
            self.out[at:start] = prefix.translate({ord("t"): "f", ord("T"): "f"})
        if len(quotes) > _DEEPEST:
            raise _TooNew
        if not (clash := any(outer in quote or quote in outer for outer in quotes if len(outer) <= len(quote))):
            chosen = quote
        elif any(outer in (chosen := _OTHER_QUOTE[quote]) for outer in quotes):
            raise _TooNew
        formatted = bool({"f", "t"} & set(prefix.lower()))
        try:
            return self.literal(start, quote, chosen, quotes, formatted=formatted)
        except _TooNew:
            if quotes or clash or not formatted or len(quote) > 1:
                raise
        # Triple quotes leave room for line breaks, and for one more level of quotes, in the fields.
        self.out[start:] = self.text[start:]
        return self.literal(start, quote, quote * 3, quotes, formatted=True)

    def literal(self, start: int, quote: str, chosen: str, quotes: tuple[str, ...], *, formatted: bool) -> int:
        """Rewrite a string from its opening quote, using the chosen quotes; give where it ends."""
        at = start + len(quote)
        self.out[start:at] = [chosen, *[""] * (len(quote) - 1)]
        while at < len(self.text):
            character = self.text[at]
            if self.text.startswith(quote, at):
                self.out[at : at + len(quote)] = [chosen, *[""] * (len(quote) - 1)]
                return at + len(quote)
            if character == "\n" and len(quote) == 1:
                raise _TooNew
            if character == "\\":
                if quotes:
                    self.blank(at, at + 2)
                # A backslash keeps a quote from closing the string, but never a brace from opening a field.
                at += 1 if formatted and self.text[at + 1 : at + 2] in {"{", "}"} else 2
            elif formatted and character in "{}":
                doubled = self.text[at + 1 : at + 2] == character
                at = at + 2 if doubled or character == "}" else self.field(at + 1, (*quotes, chosen))
            else:
                if quotes and (character == chosen[0] or any(character in outer for outer in quotes)):
                    self.out[at] = "_"
                at += 1
        raise _TooNew

    def field(self, at: int, quotes: tuple[str, ...]) -> int:
        """Rewrite `{expression!r:spec}` from after its brace; give what follows the closing brace."""
        at = self.code(at, "!:}", quotes)
        if self.text[at : at + 1] == "!":
            at = self.code(at + 1, ":}", quotes)
        if self.text[at : at + 1] == ":":
            at += 1
            while self.text[at : at + 1] not in {"}", ""}:
                at = self.field(at + 1, quotes) if self.text[at] == "{" else at + 1
        return at + 1

    def blank(self, start: int, end: int) -> None:
        for place in range(start, min(end, len(self.text))):
            if self.text[place] == "\n":
                continue
            self.out[place] = " "
