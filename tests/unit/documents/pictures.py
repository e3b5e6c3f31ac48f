"""Pages as grey pixels, kept as PNG of the plainest kind, so that no library of pictures is needed to compare them."""

import os
import struct
import zlib
from pathlib import Path

import pypdfium2

from tests.golden import ROOT

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Grey = list[bytes]
"""Rows of pixels, a byte each."""


def drawn(document: bytes, *, scale: float) -> Grey:
    """The first page as PDFium draws it."""
    pdf = pypdfium2.PdfDocument(document)
    page = pdf[0]
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = bytes(bitmap.buffer)
    rows = [pixels[begins : begins + bitmap.width] for begins in range(0, len(pixels), bitmap.stride)]
    for each in (bitmap, page, pdf):
        each.close()
    return rows


def assert_looks_like(path: str, rows: Grey, *, most_different: float) -> None:
    """Fail if more than a share of the pixels is clearly darker or lighter than in the picture that is kept."""
    kept = ROOT / path
    if os.environ.get("TRILHA_UPDATE_GOLDEN"):
        kept.write_bytes(_png(rows))
    before = _rows(kept)
    assert (len(before), len(before[0])) == (len(rows), len(rows[0])), "the page has another size"
    different = sum(
        abs(one - other) > 64
        for row, other_row in zip(rows, before, strict=True)
        for one, other in zip(row, other_row, strict=True)
    )
    share = different / (len(rows) * len(rows[0]))
    assert share <= most_different, (
        f"{share:.2%} of the page looks otherwise than {path}; if that is meant, write it anew"
    )


def _png(rows: Grey) -> bytes:
    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return SIGNATURE + _chunk(b"IHDR", size) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(path: Path) -> Grey:
    png = path.read_bytes()
    width, height = struct.unpack_from(">II", png, 16)
    (length,) = struct.unpack_from(">I", png, 33)
    pixels = zlib.decompress(png[41 : 41 + length])
    return [pixels[row * (width + 1) + 1 : (row + 1) * (width + 1)] for row in range(height)]
