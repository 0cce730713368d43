"""``retrato.service`` as systemd runs it, with a real Postgres, the real package and simulated providers."""

import re
import time

import pytest

from retrato.store.queries import REPLICA_LOCK_CLASS

pytestmark = pytest.mark.timeout(600)  # a machine is booted, and packages may be fetched before

MUTE_SERVER = """
import socket
listening = socket.create_server(("127.0.0.1", 5433))
taken = []
while True:
    taken.append(listening.accept())
"""
EXPOSURE = 1.2
"""What `systemd-analyze security` may say at most; 10 is without any protection."""


def test_ready_comes_after_the_answer_to_listen(unit, measured):
    took_s = unit.systemctl("start")

    # The lock is taken on the connection that listens, when a word of our own has come back there.
    locks = f"select count(*) from pg_locks where locktype = 'advisory' and classid = {REPLICA_LOCK_CLASS}"
    assert unit.psql(locks) == "1"
    assert unit.show("StatusText") == "idle, no picture yet"
    measured("start to READY", f"{took_s:.1f} s")


def test_start_waits_for_an_answer_to_listen_and_goes_on_polling_without(unit, measured):
    unit.machine.write("/root/mute.py", MUTE_SERVER)
    unit.machine.run("systemd-run --quiet --unit=mute python3 /root/mute.py")
    unit.settle('pace_seconds = 0\nlisten_database_url = "postgresql://retrato:geheim@127.0.0.1:5433/retrato"\n')

    unit.systemctl("start", "--no-block")
    unit.until("StatusText", "waiting for an answer to LISTEN")
    while_mute = unit.show("ActiveState")
    unit.machine.run("systemctl stop mute")
    unit.until("ActiveState", "active")

    assert while_mute == "activating"
    assert "LISTEN is not answered: polling" in unit.show("StatusText")
    measured("LISTEN without an answer", "not READY; refused: READY, and STATUS says that it polls")


def test_database_that_is_away_is_waited_for_beyond_the_start_timeout(unit, measured):
    unit.change("TimeoutStartSec=8")
    unit.machine.run("systemctl stop postgresql")

    unit.systemctl("start", "--no-block")
    unit.until("StatusText", "waiting for the database")
    unit.machine.run("sleep 15")
    while_away = unit.show("ActiveState"), unit.show("NRestarts")
    began_at = time.monotonic()
    unit.machine.run("systemctl start postgresql")
    unit.until("ActiveState", "active")

    assert while_away == ("activating", "0")
    measured(
        "database away for 15 s at start, TimeoutStartSec=8",
        f"no restart, READY {time.monotonic() - began_at:.1f} s after it",
    )


def test_schema_that_is_missing_is_waited_for(unit, measured):
    unit.psql("alter schema retrato rename to elsewhere")

    unit.systemctl("start", "--no-block")
    try:
        unit.until("StatusText", "waiting for the database: .*retrato migrate")
        while_missing = unit.show("ActiveState"), unit.show("NRestarts")
    finally:
        unit.psql("alter schema elsewhere rename to retrato")
    unit.until("ActiveState", "active")

    assert while_missing == ("activating", "0")
    measured("schema missing at start", "no restart, READY when it is there")


def test_database_that_is_away_for_long_disturbs_no_watchdog(unit, measured):
    unit.change("WatchdogSec=4")
    unit.systemctl("start")
    unit.machine.run("systemctl stop postgresql")
    unit.until("StatusText", ".*LISTEN is not answered")

    unit.machine.run("sleep 15")
    unit.machine.run("systemctl start postgresql")
    unit.insert()
    drawn_s = unit.until_drawn()

    assert (unit.show("ActiveState"), unit.show("NRestarts")) == ("active", "0")
    measured("Postgres down for 15 s, WatchdogSec=4", f"no restart, drawn {drawn_s:.1f} s after it")


def test_credentials_are_read_and_stand_in_no_environment(unit, measured):
    unit.systemctl("start")
    unit.insert()

    drawn_s = unit.until_drawn()  # by the provider whose key is a credential

    environment = unit.machine.run(f"tr '\\0' '\\n' < /proc/{unit.show('MainPID')}/environ")
    assert "CREDENTIALS_DIRECTORY=/run/credentials/retrato.service" in environment
    assert "geheim" not in environment
    assert "hf_a_key" not in environment
    measured("database and key from credentials", f"avatar {drawn_s:.1f} s after the insert")


def test_doctor_sees_what_the_unit_sees(unit):
    unit.systemctl("start")

    told = unit.machine.run(
        "export RETRATO_DATA_DIR=/var/lib/retrato CREDENTIALS_DIRECTORY=/run/credentials/retrato.service; "
        "cd /etc/retrato && /opt/retrato/bin/retrato doctor settings surroundings database listen"
    )

    assert "RETRATO_HUGGINGFACE_API_KEY = [secret] (secrets directory)" in told
    assert "2 credentials in /run/credentials/retrato.service" in told
    assert "geheim" not in told


def test_encrypted_credential_is_read(unit, measured):
    sealed = "/etc/retrato/huggingface_api_key.cred"
    seal = "systemd-creds encrypt --with-key=host --name=huggingface_api_key"
    unit.machine.run(f"{seal} /etc/credstore/retrato.huggingface_api_key {sealed}")
    unit.change(f"LoadCredentialEncrypted=huggingface_api_key:{sealed}")

    unit.systemctl("start")
    unit.insert()
    unit.until_drawn()

    assert "hf_a_key" not in unit.machine.run(f"cat {sealed}")
    measured("key from LoadCredentialEncrypted", "read")


def test_status_tells_what_is_done(unit):
    unit.script(seconds=20, times=2)
    unit.systemctl("start")
    unit.settle()

    unit.insert(2)

    unit.until("StatusText", "2 drawing")


def test_process_that_hangs_is_aborted_tells_where_and_starts_anew(unit, measured):
    unit.forget_journal()
    unit.change("WatchdogSec=4", "RestartSec=1")
    unit.systemctl("start")

    unit.machine.run(f"kill -STOP {unit.show('MainPID')}")
    restarted_s = unit.until("NRestarts", "1")
    ready_s = unit.until("ActiveState", "active")

    assert unit.journal("Watchdog timeout")
    assert unit.journal("Fatal Python error: Aborted")
    measured("SIGSTOP, WatchdogSec=4", f"restarted after {restarted_s:.1f} s, READY {ready_s:.1f} s later")


def test_work_in_hand_is_finished_beyond_the_stop_timeout(unit, measured):
    unit.change("TimeoutStopSec=3")
    unit.script(seconds=12, times=1)
    unit.systemctl("start")
    unit.insert()
    unit.until("StatusText", "1 drawing")

    took_s = unit.systemctl("stop")

    assert took_s > 3
    assert unit.show("Result") == "success"
    assert unit.psql("select count(*) from retrato.avatars") == "1"
    measured("stop with a picture in hand, TimeoutStopSec=3", f"drained in {took_s:.1f} s, nothing killed")


def test_reload_takes_over_pace_and_log_level_and_names_the_rest(unit, measured):
    unit.forget_journal()
    unit.systemctl("start")
    before = unit.get("/metrics")

    unit.settle('log_level = "debug"\npace_seconds = 7\nconcurrency = 2\n')
    took_s = unit.systemctl("reload")
    at_once = unit.journal("settings.reloaded")
    unit.machine.until("journalctl --unit=retrato --grep=settings.restart_needed")

    [reloaded] = unit.journal("settings.reloaded")
    [rest] = unit.journal("settings.restart_needed")
    assert "retrato_pace_seconds 0.0" in before
    assert "retrato_pace_seconds 7.0" in unit.get("/metrics")
    assert "log_level=debug pace_s=7.0" in reloaded["MESSAGE"]
    assert "['RETRATO_CONCURRENCY']" in rest["MESSAGE"]
    assert unit.show("ActiveState") == "active"
    if unit.tells_when_reloaded:
        assert at_once
    measured(f"reload ({unit.show('Type')})", f"{took_s:.2f} s")


def test_broken_file_changes_nothing_on_reload(unit, measured):
    unit.forget_journal()
    unit.systemctl("start")
    pid = unit.show("MainPID")

    unit.settle("pace_seconds = = 7")
    unit.systemctl("reload")
    unit.machine.until("journalctl --unit=retrato --grep=settings.refused")

    [refused] = unit.journal("settings.refused")
    assert refused["PRIORITY"] == "3"
    assert "retrato_pace_seconds 0.0" in unit.get("/metrics")
    assert (unit.show("ActiveState"), unit.show("MainPID")) == ("active", pid)
    measured("reload of a broken file", "refused, nothing changed")


def test_wrong_setting_is_said_and_not_tried_again(unit, measured):
    unit.forget_journal()
    unit.change("RestartSec=1")
    unit.settle("concurrency = 0")

    unit.systemctl("start", check=False)
    unit.machine.run("sleep 4")

    [said] = unit.journal("RETRATO_CONCURRENCY")
    assert said["PRIORITY"] == "3"
    assert unit.show("ExecMainStatus") == "78"
    assert (unit.show("ActiveState"), unit.show("NRestarts")) == ("failed", "0")
    measured("wrong setting", "exit 78, not restarted")


def test_killed_process_is_started_anew(unit, measured):
    unit.systemctl("start")

    unit.systemctl("kill", "--signal=KILL")
    took_s = unit.until("NRestarts", "1")
    unit.until("ActiveState", "active")

    measured("SIGKILL, RestartSec=5", f"restarted after {took_s:.1f} s")


def test_journal_has_priorities_and_each_time_once(unit):
    unit.forget_journal()

    unit.systemctl("start")

    [started] = unit.journal("daemon.started")
    assert started["PRIORITY"] == "6"
    assert re.match(r"\[info *\] daemon\.started", started["MESSAGE"])


def test_metrics_of_the_process_are_told_inside_the_sandbox(unit):
    unit.systemctl("start")

    assert "process_resident_memory_bytes" in unit.get("/metrics")


def test_sandbox_leaves_little_open(unit, measured):
    told = unit.machine.run("systemd-analyze security --no-pager retrato.service")

    exposure = float(re.findall(r"Overall exposure level for retrato.service: ([0-9.]+)", told)[0])
    assert exposure <= EXPOSURE
    measured("systemd-analyze security", f"{exposure}")


def test_pictures_that_nobody_names_are_collected_beside_the_daemon(unit, measured):
    collect = "systemctl start retrato-gc.service"
    stored = "find /var/lib/retrato/ -name '*.jpg' | wc -l"
    unit.systemctl("start")
    unit.insert()
    unit.until_drawn()
    unit.machine.run(collect)  # from now on the pictures there are this database's
    named = unit.machine.run(stored)
    unit.psql("delete from personas")

    unit.machine.run(collect)
    unit.psql("update retrato.garbage set noted_at = noted_at - interval '8 days'")
    unit.machine.run(collect)

    assert named != "0"
    assert unit.machine.run(stored) == "0"
    assert unit.show("ActiveState") == "active"
    measured("retrato-gc.service beside the daemon", f"{named} files collected")


def test_collecting_without_the_daemon_and_its_failure_are_seen(unit):
    unit.systemctl("start")
    unit.insert()
    unit.until_drawn()
    unit.systemctl("stop")

    unit.machine.run("systemctl start retrato-gc.service")
    unit.settle('storage_url = "memory:"\n')
    unit.machine.run("systemctl start retrato-gc.service", check=False)

    assert unit.machine.run("systemctl show --property=ExecMainStatus --value retrato-gc.service") == "78"
    assert unit.machine.run("systemctl is-failed retrato-gc.service", check=False) == "failed"


def test_timer_collects_once_a_day(unit):
    unit.machine.run("systemctl enable --now retrato-gc.timer")

    planned = unit.machine.run("systemctl list-timers --no-legend retrato-gc.timer")
    doubts = unit.machine.run("systemd-analyze verify retrato-gc.timer retrato-gc.service 2>&1", check=False)
    assert "retrato-gc.service" in planned
    assert "retrato" not in doubts
