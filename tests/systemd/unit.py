"""``retrato.service`` on a machine: installed as the docs say, changed by drop-ins, asked how it is."""

import json
import time
from pathlib import Path
from typing import Any

from tests.systemd.machine import ROOT, Machine

SETTINGS = "/etc/retrato/retrato.toml"
_UNITS = "/etc/systemd/system"
_OURS = ROOT / "deploy/systemd"
_DSN = "postgresql://retrato:geheim@127.0.0.1/retrato"
_PLAIN_SETTINGS = """
providers = "huggingface"
public_url = "https://avatars.example.com"
"""
_PREPARE = f"""
import asyncio
from retrato.store import sample
asyncio.run(sample.create_host_tables({_DSN!r}))
asyncio.run(sample.insert_company({_DSN!r}, personas=0))
"""
_INSERT = """
insert into personas (persona_code, full_name, role, genero, empresa_id)
select 'P' || n || extract(epoch from now()), 'Ana ' || n, 'Analista', 'feminino', empresas.id
from empresas, generate_series(1, {personas}) n
"""
_SCRIPT = """
import json, urllib.request
order = json.dumps({{"route": "fal-ai", "faults": ["delay:{seconds}"] * {times}}}).encode()
urllib.request.urlopen("http://127.0.0.1:8900/_sim/script", order).read()
"""
_GET = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:3001{path}').read().decode())"


class Unit:
    """The unit, its settings, its database and the simulated providers of one machine."""

    def __init__(self, machine: Machine, *, release: str) -> None:
        self.machine = machine
        self.version = int(machine.run("systemctl --version | sed -n '1s/systemd \\([0-9]*\\).*/\\1/p'"))
        self._release = release

    @property
    def tells_when_reloaded(self) -> bool:
        """Whether the drop-in with Type=notify-reload is for this systemd."""
        return self.version >= 254

    def install(self, wheels: Path) -> None:
        """Package, database, credentials, providers, unit."""
        run = self.machine.run
        run("python3 -m venv /opt/retrato")
        run(f"/opt/retrato/bin/pip install --quiet --no-index --find-links={wheels} retrato", timeout_s=300)
        self.psql(
            "create role retrato login password 'geheim'; create database retrato owner retrato", as_owner=False
        )
        self.python(_PREPARE)
        run(f"RETRATO_DATABASE_URL={_DSN} /opt/retrato/bin/retrato migrate")
        run("install -d -m 0700 /etc/credstore")
        self.machine.write("/etc/credstore/retrato.database_url", f"{_DSN}\n", mode="0600")
        self.machine.write(
            "/etc/credstore/retrato.huggingface_api_key", "hf_a_key_for_the_simulator\n", mode="0600"
        )
        self.machine.write("/root/scenario.toml", "faces = false\n[latency_seconds]\ndefault = 0.1\n")
        run(
            "mkdir -p /etc/retrato && systemd-run --quiet --unit=simulator "
            "--property=StandardOutput=file:/etc/retrato/retrato.env "
            "/opt/retrato/bin/retrato simulate --scenario /root/scenario.toml"
        )
        self.machine.until("grep RESULT_HOSTS /etc/retrato/retrato.env")
        run(f"install -m 0644 -t {_UNITS} {_OURS}/retrato.service {_OURS}/retrato-gc.*")
        if self.tells_when_reloaded:
            run(f"install -D -m 0644 -t {_UNITS}/retrato.service.d {_OURS}/retrato.service.d/254.conf")

    def reset(self) -> None:
        """As after the installation."""
        self.machine.run("systemctl kill --signal=KILL retrato; systemctl stop retrato", check=False)
        self.machine.run("systemctl disable --now retrato-gc.timer", check=False)
        self.machine.run(f"rm -f {_UNITS}/retrato.service.d/test.conf; systemctl daemon-reload")
        self.machine.run("systemctl reset-failed retrato retrato-gc", check=False)
        self.machine.run("rm -rf /var/lib/retrato/avatars")
        self.machine.run("systemctl start postgresql")
        self.machine.until("pg_isready --quiet")
        self.psql("delete from personas; truncate retrato.replicas, retrato.garbage")
        self.script(seconds=0, times=0)
        self.settle()

    def settle(self, more: str = "pace_seconds = 0") -> None:
        """Write the settings' file: the usual ones, and *more*."""
        self.machine.write(SETTINGS, _PLAIN_SETTINGS + more)

    def change(self, *lines: str) -> None:
        """Add *lines* to the section [Service] of the unit, in a drop-in."""
        self.machine.write(f"{_UNITS}/retrato.service.d/test.conf", "\n".join(["[Service]", *lines, ""]))
        self.machine.run("systemctl daemon-reload")

    def systemctl(self, *words: str, check: bool = True) -> float:
        """Carry out ``systemctl … retrato``; in how many seconds."""
        began_at = time.monotonic()
        self.machine.run(f"systemctl {' '.join(words)} retrato", check=check)
        return time.monotonic() - began_at

    def show(self, name: str) -> str:
        """A property of the unit, as ``systemctl show`` tells it."""
        return self.machine.run(f"systemctl show --property={name} --value retrato")

    def until(self, name: str, value: str) -> float:
        """Wait until the property *name* begins with *value*; how many seconds that took."""
        return self.machine.until(f"systemctl show --property={name} --value retrato | grep '^{value}'")

    def journal(self, event: str) -> list[dict[str, Any]]:
        """The entries of this start and earlier ones in which *event* is told."""
        told = self.machine.run(
            f"journalctl --unit=retrato --output=json --no-pager --grep='{event}'", check=False
        )
        return [json.loads(line) for line in told.splitlines()]

    def forget_journal(self) -> None:
        """Tests that look for an event must not find an earlier test's."""
        self.machine.run("journalctl --rotate && journalctl --vacuum-time=1us")

    def psql(self, statements: str, *, as_owner: bool = True) -> str:
        """What *statements* return, as the owner of the application's database or as the superuser."""
        quoted = statements.replace('"', '\\"')
        if as_owner:
            return self.machine.run(f'psql --quiet --no-psqlrc -At {_DSN} -c "{quoted}"')
        return "".join(
            self.machine.run(f'runuser -u postgres -- psql --quiet -At -c "{one}"') for one in quoted.split(";")
        )

    def insert(self, personas: int = 1) -> None:
        """Insert personas as an application does."""
        self.psql(_INSERT.format(personas=personas))

    def until_drawn(self, personas: int = 1) -> float:
        """Wait until so many have their avatar; how many seconds that took."""
        count = "select count(*) from retrato.avatars where provider = 'huggingface'"
        return self.machine.until(f'test "$(psql -At {_DSN} -c "{count}")" = {personas}')

    def script(self, *, seconds: float, times: int) -> None:
        """The next *times* pictures take *seconds* seconds each."""
        self.python(_SCRIPT.format(seconds=seconds, times=times))

    def get(self, path: str) -> str:
        """What the daemon answers over HTTP."""
        return self.python(_GET.format(path=path))

    def python(self, source: str) -> str:
        """What *source* prints, run by the Python of the installed package."""
        self.machine.write("/root/run.py", source)
        return self.machine.run("/opt/retrato/bin/python /root/run.py")
