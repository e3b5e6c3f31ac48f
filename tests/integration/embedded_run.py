"""A run of the supervisor with both servers and an idle child on TRILHA_DATA_DIR: started as a program by the tests."""

import asyncio
import os
import sys

from trilha.adapters.embedded import EmbeddedError, EmbeddedNats, EmbeddedPostgres, open_data_folder
from trilha.entrypoints.supervisor import Address, ChildSpec, Launch, Supervisor, SupervisorError, server_child


async def main() -> None:
    folder = open_data_folder()
    idle = Launch((sys.executable, "-c", "import time; time.sleep(600)"))
    port = int(os.environ.get("TRILHA_HTTP_PORT", "0"))
    await Supervisor(
        folder,
        [
            server_child(EmbeddedPostgres(folder, durable=False)),
            server_child(EmbeddedNats(folder, durable=False)),
            ChildSpec(name="idle", launch=idle, needs=("postgres", "nats")),
        ],
        addresses=[Address("127.0.0.1", port, "TRILHA_HTTP_PORT")],
        screen={"api": "http://127.0.0.1:8000"},
        on_progress=lambda step, state: sys.stderr.write(f"{step} {state}\n"),
    ).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (EmbeddedError, SupervisorError) as failed:
        sys.exit(str(failed))
