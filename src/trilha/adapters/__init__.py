"""How the outside is reached: one package per outside system, each an implementation of ports."""
