"""`python -m trilha.entrypoints.cli` is `trilha`."""

from trilha.entrypoints.cli import main

if __name__ == "__main__":
    main()
