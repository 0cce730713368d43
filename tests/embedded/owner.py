"""Run as a program: own or join the server of a folder, say how, and keep it until stdin is closed."""

import json
import sys
from pathlib import Path

from retrato.embedded import EmbeddedPostgres

if __name__ == "__main__":
    with EmbeddedPostgres(Path(sys.argv[1]), durable=False, start_timeout_s=20) as server:
        facts = {"pid": server.pid, "owned": server.owned, "dsn": server.dsn, "port": server.port}
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
