"""The application in a process of its own, on the port given, to see how it ends."""

import asyncio
import sys

from tests.e2e.http.world import Fleet
from trilha.entrypoints.http import create_app, serve, silent

if __name__ == "__main__":
    asyncio.run(serve(lambda: create_app(Fleet().parts(access_log=silent)), "127.0.0.1", int(sys.argv[1])))
