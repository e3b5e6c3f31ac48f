"""Tracks: the geometry of a trail, whoever left it, a bus or a dog.

A trail comes in as points that may be wrong, twice or out of order, and goes out as figures and lines:

    points   `TrackPoint` (a fix with its time); functions of shape alone take anything `Located`
    clean    `clean(points, now=...)` -> `Cleaned`: what is believed, and everything else with its `DropReason`
    segment  `segment(points)`: cut at silences (`GapPolicy`); a track is a sequence of segments
    stay     `find_stops(points)`: so small a place for so long (`StopPolicy`)
    travel   `trips_and_stops(points)`: from motion, speed and ignition (`TripPolicy`)
    measure  `measure(segments)` -> `TrackSummary`; `distance_m`, `length_m`, `distance_to_segment_m`
    draw     `simplify(points, tolerance_m)`, `encode_polyline`, `track_to_geojson`, `write_gpx`, `read_gpx`

Pure functions on sequences: metres, seconds, km/h, degrees of WGS 84, aware UTC times. Policies carry their defaults.
"""

from trilha.domain.tracks.cleaning import Cleaned, CleaningPolicy, DroppedPoint, DropReason, clean
from trilha.domain.tracks.distance import distance_m, distance_to_segment_m, length_m
from trilha.domain.tracks.geojson import track_to_geojson
from trilha.domain.tracks.gpx import Gpx, GpxDropReason, GpxRefused, MalformedGpx, UnusedGpxPoint, read_gpx, write_gpx
from trilha.domain.tracks.points import Located, Segment, TrackPoint
from trilha.domain.tracks.polyline import MalformedPolyline, Precision, decode_polyline, encode_polyline
from trilha.domain.tracks.segmenting import GapPolicy, segment
from trilha.domain.tracks.simplifying import simplify
from trilha.domain.tracks.sphere import EARTH_RADIUS_M
from trilha.domain.tracks.stops import Stop, StopPolicy, find_stops
from trilha.domain.tracks.summary import TrackSummary, measure
from trilha.domain.tracks.trips import Trip, TripPolicy, TripsAndStops, trips_and_stops

__all__ = [
    "EARTH_RADIUS_M",
    "Cleaned",
    "CleaningPolicy",
    "DropReason",
    "DroppedPoint",
    "GapPolicy",
    "Gpx",
    "GpxDropReason",
    "GpxRefused",
    "Located",
    "MalformedGpx",
    "MalformedPolyline",
    "Precision",
    "Segment",
    "Stop",
    "StopPolicy",
    "TrackPoint",
    "TrackSummary",
    "Trip",
    "TripPolicy",
    "TripsAndStops",
    "UnusedGpxPoint",
    "clean",
    "decode_polyline",
    "distance_m",
    "distance_to_segment_m",
    "encode_polyline",
    "find_stops",
    "length_m",
    "measure",
    "read_gpx",
    "segment",
    "simplify",
    "track_to_geojson",
    "trips_and_stops",
    "write_gpx",
]
