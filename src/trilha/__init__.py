"""Trilha: the operations core for everything that moves and must be followed.

Embedders import `trilha.domain.<context>`; nothing but msgspec is needed for that.
"""
