"""A function as people paste it, in the grammar that Python reads: 2xy is 2*x*y, x² is x**2, |x| is abs(x).

What can be read in two ways is refused with both ways written out; what a dialect does not have, with its reason.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from optim_viz.language import N_
from optim_viz.spec import SpecError, nearest
from optim_viz.typed.dialect import Dialect

#: Where something is wrong, behind what.
_AT = N_("{message} (at character {column}).")


class ExpressionError(SpecError):
    """A typed function that cannot be used; `column` is where, counted from 0."""

    def __init__(self, message: str, text: str, column: int) -> None:
        self.text, self.column = text, max(0, min(column, len(text)))
        said = N_(message)
        super().__init__(_AT, message=said, column=self.column + 1)


#: Signs that stand for what is typed otherwise; the spaces keep what is beside them apart.
_SIGNS = dict.fromkeys("\u2212\u2013\u2012\ufe63", "-") | dict.fromkeys("\u00b7\u00d7\u22c5\u2219\u2217\u2022", "*")
_SIGNS |= {"\u00f7": "/", "\u2044": "/", "\u2215": "/", "\u03c0": "pi", "\u221a": "sqrt", "\u00a0": " "}
_RAISED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207b\u207a", "0123456789-+")
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<space>\s+|(?:np|numpy|math|torch)\.(?=[A-Za-z]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<power>\^|\*\*)|(?P<sign>[-+*/(),|])"
    "|(?P<raised>[\u207b\u207a]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+)"
)
#: Other names of what may be typed.
_ALIASES = {
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2", "fabs": "abs", "sgn": "sign",
    "maximum": "max", "minimum": "min",
}  # fmt: skip
_STRANGE = {
    "=": N_("Write only what stands on the right of the ="),
    "\\": N_("LaTeX is not read; write x^2/(1 + y^2) for a fraction"),
    **dict.fromkeys("[]{}", N_("Write ( and ) for other brackets")),
}
_TWO_WAYS = N_("This can be read in two ways; put parentheses, as in {one} or {other}")
_UNCLEAR = {"/": ("(1/2)*{letter}", "1/(2*{letter})"), "^": ("e^(2*{letter})", "(e^2)*{letter}")}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int
    apart: bool = False  # whether space stands before it


def bare(text: str) -> str:
    """Return the formula that a text holds, without what stands around it: f(x, y) = or z =, dollars, LaTeX's braces.

    >>> bare("$f(x, y) = x^{2} + y$"), bare("\U0001d465 + \U0001d466")
    ('x^(2) + y', 'x + y')
    """
    plain = "".join(unicodedata.normalize("NFKC", c) if "\U0001d400" <= c <= "\U0001d7ff" else c for c in text)
    plain = re.sub(r"\^\{([^{}]*)\}", r"^(\1)", plain.strip().strip("$"))
    return re.sub(r"^\s*(?:f\s*\(\s*x\s*(?:,\s*y\s*)?\)|z)\s*=(?!=)", "", plain).strip()


def canonical(text: str, dialect: Dialect) -> tuple[str, list[int]]:
    """Return `text` in Python's grammar, and for each of its characters and its end the column where it was typed.

    >>> from optim_viz.surfaces.expression import OF_SURFACES
    >>> canonical("2xy + |x|³ - ln(y)", OF_SURFACES)[0]
    '2*x*y + abs(x)**3 - log(y)'
    """
    writer = _Writer(text, dialect)
    writer.write_all(_tokens(text, dialect))
    return writer.source, [*writer.columns, len(text)]


def _tokens(text: str, dialect: Dialect) -> list[_Token]:
    """Cut a text into tokens; ExpressionError at what is none."""
    signed = [(_SIGNS.get(character, character), column) for column, character in enumerate(text)]
    plain = "".join(sign for sign, _ in signed)
    columns = [column for sign, column in signed for _ in sign]
    found: list[_Token] = []
    at, apart = 0, False
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None:
            raise ExpressionError(_strange(plain, at, dialect), text, columns[at])
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], columns[at], apart))
        apart = match.lastgroup == "space" and bool(found)
        at = match.end()
    return found


def _strange(plain: str, at: int, dialect: Dialect) -> str:
    sign = next((pair for pair in ("==", "!=") if plain.startswith(pair, at)), plain[at])
    known = _STRANGE | dict(dialect.strange)
    return known.get(sign, N_("{sign!r} has no meaning in a function", sign=plain[at]))


class _Writer:
    """Writes tokens one by one: puts in the * that are left out, and remembers what is open."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text, self.dialect, self.letters = text, dialect, {*dialect.names, "e"}
        self.functions = dialect.functions
        self.source, self.columns = "", list[int]()
        self.apart = False  # whether space stands before what is put next
        self.value = False  # whether the last token ends a value
        self.base = ""  # the last token, where it can be raised
        self.unclear = ""  # "/" or "^": a * left out here could be meant to bind more tightly than that
        self.before = ""  # the same before the last ^, and whether that is the last token
        self.exponent = False
        self.called = ""  # what is written behind the end of the function that was just named
        self.open: list[tuple[str, str, str]] = []  # what opened, what is written behind its end, and `unclear` there

    def fail(self, message: str, column: int) -> ExpressionError:
        return ExpressionError(message, self.text, column)

    def put(self, piece: str, column: int) -> None:
        piece, self.apart = " " * self.apart + piece, False
        self.source += piece
        self.columns += [column] * len(piece)

    def write_all(self, tokens: list[_Token]) -> None:
        write = {
            "number": self._number, "name": self._name, "power": self._power, "raised": self._raised, "sign": self._sign
        }  # fmt: skip
        while tokens:
            token, *tokens = tokens
            self.apart = token.apart
            tokens = tokens[write[token.kind](token, tokens) or 0 :]
        if self.open:
            bars = self.open[-1][0] == "|"
            raise self.fail(
                N_("The bars | do not pair up") if bars else N_("The parentheses do not pair up"), len(self.text)
            )

    def begin(self, column: int) -> None:
        """A value begins: after another one, a * was left out."""
        if self.value:
            if self.unclear:
                one, other = (way.format(letter=self.dialect.letter) for way in _UNCLEAR[self.unclear])
                raise self.fail(N_(_TWO_WAYS, one=one, other=other), column)
            self.put("*", column)

    def end(self, base: str) -> None:
        self.value, self.base, self.exponent = True, base, False

    def _number(self, token: _Token, _: list[_Token]) -> None:
        if self.value:
            raise self.fail(N_("Write *{text} for a product or ^{text} for a power", text=token.text), token.column)
        if self.exponent and self.base not in ("e", "0"):
            self.unclear = self.before  # x^2y is x^2*y to everybody
        self.put(token.text, token.column)
        self.end("0")

    def _name(self, token: _Token, following: list[_Token]) -> int:
        call = bool(following) and following[0].text == "("
        name = _ALIASES.get(token.text, token.text)
        if name in self.functions:
            return self._function(name, token, following)
        parts = [name] if name in self.letters | {"pi"} else self._split(name, call)
        if not parts:
            raise self.fail(self._unknown(token.text, call), token.column)
        column = token.column
        for part in parts:
            if part in self.functions or part in _ALIASES:
                return self._function(_ALIASES.get(part, part), _Token("name", part, column), following)
            self.begin(column)
            self.put(part, column)
            self.end(part)
            column += len(part)
        return 0

    def _split(self, word: str, call: bool) -> list[str]:
        """The letters that a word is a product of, the last a function if it is called; none if it is no product.

        No letter twice, or exec would be one.
        """
        parts: list[str] = []
        while word:
            whole = call and bool(parts) and (word in self.functions or word in _ALIASES)
            part = word if whole else "pi" if word.startswith("pi") else word[0]
            if part in parts or not (whole or part in self.letters | {"pi"}):
                return []
            parts.append(part)
            word = word[len(part) :]
        return parts

    def _unknown(self, word: str, call: bool) -> str:
        if word in self.dialect.reasons:
            return N_(self.dialect.reasons[word], what=repr(word))
        if "y" in self.letters and re.fullmatch(r"[xy]_?[0-9]+", word):
            return N_(
                "Unknown name {word!r}: write x and y for x1 and x2, x^2 for a power, 2*x for a product", word=word[:40]
            )
        begins = [name for name in (*self.functions, *_ALIASES) if word.startswith(name)]
        if begins and not call:
            return _needs(max(begins, key=len))
        what = N_("{word!r} is not a function", word=word[:40]) if call else N_("Unknown name {word!r}", word=word[:40])
        if len(word) == 1 and word.lower() not in self.letters:
            return N_("{wrong}; {hint}", wrong=what, hint=self.dialect.others) if self.dialect.others else what
        known = self.functions if call else [*sorted(self.letters), "pi", *self.functions]
        return N_("{wrong}; {hint}", wrong=what, hint=nearest(word, known))

    def _function(self, name: str, token: _Token, following: list[_Token]) -> int:
        """A function's name, and the exponent that may stand before its parenthesis: sin²(x) is sin(x)²."""
        power = [t for t in following[:2] if t.kind in ("power", "raised", "number")]
        power = power if power and power[0].kind != "number" and power[-1].kind != "power" else []
        after = following[len(power) :]
        if not after or after[0].text != "(":
            raise self.fail(_needs(token.text), token.column)
        self.begin(token.column)
        exponent = power[-1].text.translate(_RAISED) if power else ""
        if power and not exponent.isdecimal():
            raise self.fail(N_("Write 1/{name}(x), or the inverse function by its name", name=name), power[0].column)
        self.put(f"({name}" if power else name, token.column)
        self.value, self.base, self.exponent = False, "call", self.exponent and not power
        self.called = f"**{exponent})" if power else ""
        return len(power)

    def _power(self, token: _Token, _: list[_Token]) -> None:
        self.put("**", token.column)
        self.before, self.unclear = self.unclear, "^"
        self.value, self.exponent = False, True

    def _raised(self, token: _Token, _: list[_Token]) -> None:
        if not self.value:
            raise self.fail(N_("An exponent needs something to stand on"), token.column)
        digits = token.text.translate(_RAISED)
        self.put(f"**{digits}" if digits.isdecimal() else f"**({digits})", token.column)

    def _sign(self, token: _Token, _: list[_Token]) -> None:
        {"(": self._opening, ")": self._closing, "|": self._bar}.get(token.text, self._operator)(token)

    def _operator(self, token: _Token) -> None:
        sign = token.text
        if sign == "," and not (self.open and self.open[-1][0] == "call"):
            raise self.fail(
                N_("Only a function's arguments are divided by commas; write 1.5 with a point"), token.column
            )
        if sign == "/" and self.source.endswith("/"):
            raise self.fail(self.dialect.strange["//"], token.column)
        if self.value or sign not in "+-":  # else it stands before a value
            self.unclear, self.exponent = "/" if sign == "/" else "", False
        self.put(sign, token.column)
        self.value = False

    def _opening(self, token: _Token) -> None:
        called = self.base == "call"
        if not called:
            self.begin(token.column)
        self.put("(", token.column)
        # What is raised to a parenthesis is raised to no more than that.
        outside = self.before if self.exponent and not called else self.unclear
        self.open.append(("call" if called else "(", self.called if called else "", outside))
        self.value, self.base, self.unclear, self.exponent = False, "", "", False

    def _closing(self, token: _Token) -> None:
        if not self.open or self.open[-1][0] == "|":
            raise self.fail(N_("The parentheses do not pair up"), token.column)
        self._close(token)

    def _close(self, token: _Token) -> None:
        _, behind, self.unclear = self.open.pop()
        self.put(")" + behind, token.column)
        self.end(")")

    def _bar(self, token: _Token) -> None:
        if self.value and self.open and self.open[-1][0] == "|":
            self._close(token)
            return
        self.begin(token.column)
        self.put("abs(", token.column)
        self.open.append(("|", "", self.unclear))
        self.value, self.base, self.unclear, self.exponent = False, "", "", False


def _needs(name: str) -> str:
    return N_("{name} needs its argument in parentheses, as in {name}(x)", name=name)
