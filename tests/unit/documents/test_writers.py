"""All formats have a writer, and a process that writes nothing loads neither compiler nor fonts."""

import subprocess
import sys

from trilha.adapters.documents import document_writers
from trilha.adapters.documents.breaking import breakable
from trilha.domain.reporting import ReportFormat

LOADED = "import sys, trilha.adapters.documents as documents; documents.document_writers(); print(*sys.modules)"


def test_every_format_has_its_writer() -> None:
    writers = document_writers()
    assert set(writers) == set(ReportFormat)
    assert all(writer.format is name and writer.media_type for name, writer in writers.items())


def test_what_is_heavy_is_loaded_by_who_writes() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert not {"typst", "xlsxwriter"} & set(done.stdout.split())


def test_long_words_may_break_but_not_between_a_letter_and_its_marks() -> None:
    assert breakable("José da Conceição") == "José da Conceição"
    assert breakable("x" * 20) == "\u200b".join(["x" * 8, "x" * 8, "x" * 4])
    assert "\u200b\u0301" not in breakable("e\u0301" * 20)
