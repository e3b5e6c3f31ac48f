"""Where vehicles are now, to whoever keeps looking: sockets, server-sent events and long polling over one hub.

A `Hub` follows the live feed once an organisation, whoever listens; a `Channel` knows the last position of each
vehicle and what came lately; a `Listener` is one client's place in it. The three ways to deliver know listeners only.
"""
