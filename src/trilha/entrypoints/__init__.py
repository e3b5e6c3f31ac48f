"""Who drives Trilha: HTTP, workers, the command line. `container.py` alone names concrete adapters."""
