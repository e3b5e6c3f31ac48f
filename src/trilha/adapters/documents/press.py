"""Typst on paper: a layout of ours, the data beside it, a tagged PDF (PDF/UA-1) out of it.

The fonts are those that come with Typst, so a document looks the same on every machine. Data reach a layout as JSON in
`sys.inputs` and are never part of its source: no text can become markup.

PDF/UA refuses a document with a character that no font can show. Typst says which; these are printed as `UNSHOWN`, and
the layout says so at its foot (`unshown` in its data). Latin, Greek, Cyrillic, Hebrew, Arabic and Devanagari are shown.
"""

import re
import sys
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from importlib.resources import files

import msgspec
import typst

from trilha.adapters.documents.press_job import UNSHOWN, PressJob

ALWAYS_SHOWN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180), ord(UNSHOWN))))
"""What the main font has: ASCII, Latin-1 and Latin Extended-A, enough for every layout's own words."""
_TRIES = 4
_NAMED_UNSHOWN = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0"}
_DIRECTIONS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Overrides of the writing direction, with which a name could turn round what stands beside it: left out."""
_SPACES = dict.fromkeys((ord("\t"), 0x0B, 0x0C, 0x85, 0x2028, 0x2029), " ") | {ord("\r"): "\n"}


def press(job: PressJob) -> bytes:
    """The document as PDF. The same job gives the same bytes; blocks while it is set."""
    data = _each_text(job.data, _clean)
    probe = _probe(job, data)
    _, missing = _set(probe, probe.data, frozenset())
    document, _ = _set(job, data, missing)
    return document


def _probe(job: PressJob, data: object) -> PressJob:
    """A small document of the unusual words: setting a long one twice would take twice the time and memory."""
    words: set[str] = set()

    def collect(text: str) -> str:
        words.update(word for word in text.split() if not ALWAYS_SHOWN.issuperset(word))
        return text

    _each_text(data, collect)
    return PressJob("probe", {"words": sorted(words)}, job.made_at)


def picture(job: PressJob, pixels_an_inch: float) -> bytes:
    """The first page as PNG."""
    pages = _compiler(job.layout, _each_text(job.data, _clean), unshown=False).compile(format="png", ppi=pixels_an_inch)
    return _one(pages[0] if isinstance(pages, list) else pages)


def _set(job: PressJob, data: object, missing: AbstractSet[str]) -> tuple[bytes, AbstractSet[str]]:
    """The document without the characters that are missing, and which were found to be."""
    for _ in range(_TRIES):
        try:
            return _compiled(job, _each_text(data, _without(missing)), unshown=bool(missing)), missing
        except typst.TypstError as error:
            found = _characters_unshown(error.diagnostic) - missing
            if not found:
                break
            missing |= found
    return _compiled(job, _each_text(data, _only_always_shown), unshown=True), missing


def _compiled(job: PressJob, data: object, *, unshown: bool) -> bytes:
    compiler = _compiler(job.layout, data, unshown=unshown)
    made_at = job.made_at.replace(microsecond=0)  # typst takes whole seconds
    return _one(compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=made_at))


def _compiler(layout: str, data: object, *, unshown: bool) -> typst.Compiler:
    return typst.Compiler(
        (files(__package__) / "layouts" / f"{layout}.typ").read_bytes(),
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode({"unshown": unshown, "job": data}).decode()},
    )


def _one(document: object) -> bytes:
    if not isinstance(document, bytes):
        raise TypeError(f"Typst answered {type(document).__name__}; expected one document as bytes")
    return document


def _each_text(value: object, change: Callable[[str], str]) -> object:
    match value:
        case str():
            return change(value)
        case dict():
            return {key: _each_text(each, change) for key, each in value.items()}
        case list() | tuple():
            return [_each_text(each, change) for each in value]
        case _:
            return value


def _clean(text: str) -> str:
    """Text that JSON can carry, without marks that act on their neighbours."""
    return text.replace("\r\n", "\n").translate(_DIRECTIONS | _SPACES).encode("utf-8", "replace").decode()


def _without(missing: AbstractSet[str]) -> Callable[[str], str]:
    table = {ord(character): UNSHOWN for character in missing}
    return lambda text: text.translate(table)


def _only_always_shown(text: str) -> str:
    return "".join(character if character in ALWAYS_SHOWN or character == "\n" else UNSHOWN for character in text)


def _characters_unshown(diagnostic: str) -> set[str]:
    """The characters of the texts that Typst names, in its escaped form, without those that are never the cause."""
    named = "".join(_ESCAPED.sub(_unescaped, text) for text in _NAMED_UNSHOWN.findall(diagnostic))
    return set(named) - ALWAYS_SHOWN


def _unescaped(match: re.Match[str]) -> str:
    code, plain = match.groups()
    return chr(int(code, 16)) if code else _PLAIN_ESCAPES.get(plain, plain)


if __name__ == "__main__":
    sys.stdout.buffer.write(press(msgspec.json.decode(sys.stdin.buffer.read(), type=PressJob)))
