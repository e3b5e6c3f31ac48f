"""Areas: places on the earth with an edge, whoever watches them, a depot or a region of walks.

Circles, polygons and corridors on a sphere, in the standard order of longitude and latitude where text is read or
written; correct across the antimeridian.
"""

__all__: list[str] = []
