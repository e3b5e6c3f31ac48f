"""The same look-ups with shapely's STRtree: polygons and places as JSON on standard input, the figures on output."""

import json
import sys
import time

import shapely  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed for this benchmark alone


def main() -> None:
    """Build the tree, then ask for one place after the other, as they come from vehicles, and for all at once."""
    asked = json.load(sys.stdin)
    began = time.perf_counter()
    tree = shapely.STRtree([shapely.Polygon(ring) for ring in asked["rings"]])
    built_s = time.perf_counter() - began
    places = asked["places"]
    began = time.process_time()
    one_by_one = sum(len(tree.query(shapely.Point(x, y), predicate="intersects")) for x, y in places)
    single_s = time.process_time() - began
    began = time.process_time()
    at_once = tree.query(shapely.points(places), predicate="intersects").shape[1]
    bulk_s = time.process_time() - began
    found = {"hits": one_by_one, "bulk_hits": at_once, "built_s": built_s, "single_s": single_s, "bulk_s": bulk_s}
    json.dump({**found, "version": shapely.__version__}, sys.stdout)


if __name__ == "__main__":
    main()
