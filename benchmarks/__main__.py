"""Measure: `python -m benchmarks NAME`, or `--list` to see what there is. Run them with nothing else running."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

from benchmarks import machine
from benchmarks.figures import Report, progress

BENCHMARKS = {
    "ingest": "MiX JSON pages into PostgreSQL, against raw COPY of the same rows ready encoded",
    "feed": "how far behind 300 buses get at the real rate limit, in virtual time",
    "read": "requests a second of two lists, against Fastify and pg",
    "live": "time from commit to WebSocket at 1,000 positions a second, and memory a socket",
    "alerts": "positions a second against 1,000 geofences and 100 rules, in memory and into PostgreSQL",
    "geofences": "look-ups a second among 1,000 geofences, against brute force and shapely's STRtree",
    "documents": "rows a second and memory of reports as files, and the guidance form",
    "reports": "infractions, ranking and group report over 20 million events, against the same on the records",
    "start": "time from nothing to ready, cold and warm, and memory at rest",
}


def main(arguments: list[str]) -> None:
    """Run one benchmark."""
    if arguments[:1] == ["--list"]:
        print("\n".join(f"{name:<11}{text}" for name, text in BENCHMARKS.items()))
        return
    name = arguments[0] if arguments else ""
    if name not in BENCHMARKS:
        sys.exit(f"which one? python -m benchmarks {{{','.join(BENCHMARKS)}}} (--list says what they measure)")
    bench = import_module(f"benchmarks.{name}")
    parser = ArgumentParser(f"python -m benchmarks {name}", description=bench.__doc__,
                            formatter_class=RawDescriptionHelpFormatter)  # fmt: skip
    bench.add_options(parser)
    options = parser.parse_args(arguments[1:])
    _measure(name, options)


def _measure(name: str, options: object) -> None:
    report = Report(name)
    described, warning = machine.describe(), machine.warning()
    import_module(f"benchmarks.{name}").run(report, options)
    print(f"\n{report.table()}")
    print(", ".join(f"{key.replace('_', ' ')} {value}" for key, value in described.items()))
    if warning:
        progress(warning)


if __name__ == "__main__":
    main(sys.argv[1:])
