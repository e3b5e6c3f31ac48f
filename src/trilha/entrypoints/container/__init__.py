"""The composition root: the one package that names concrete adapters.

`table` is the synchronous table of providers; the other modules open what it needs (pools, clients) for one kind of
process each, so that a process loads no more than it uses.
"""
