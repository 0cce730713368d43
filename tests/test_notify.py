"""What is told to the service manager arrives in one datagram, and never disturbs who tells it."""

import socket
import tempfile
import time
from pathlib import Path

import pytest
from tests.service_manager import service_manager

from retrato.notify import Notifier, watchdog_interval_s

PID = 4711


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="retrato-") as short:  # a socket's path has room for 107 characters
        yield Path(short)


async def test_all_states_arrive_in_one_datagram():
    with service_manager() as manager:
        Notifier(manager.address).tell(READY=1, STATUS="3 drawing, last picture 4 s ago — só")

        told = await manager.hears("READY")

    assert told == {"READY": "1", "STATUS": "3 drawing, last picture 4 s ago — só"}


def test_socket_in_a_folder_is_found(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))

        Notifier(str(folder / "notify")).tell(WATCHDOG=1)

        assert listening.recv(100) == b"WATCHDOG=1"


async def test_text_cannot_smuggle_a_state_in():
    with service_manager() as manager:
        Notifier(manager.address).tell(STATUS="Ana\nREADY=1\r\nMAINPID=1")

        told = await manager.hears("STATUS")

    assert told == {"STATUS": "Ana READY=1 MAINPID=1"}


@pytest.mark.parametrize(
    "address", [None, "@nobody-listens-here", "/no/such/socket", "/" + "x" * 200, "vsock:2:1"]
)
def test_nobody_who_listens_is_no_trouble(address):
    Notifier(address).tell(READY=1, STATUS="\udcff")


def test_manager_that_does_not_read_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("retrato.notify._PATIENCE_S", 0.001)
    with service_manager() as manager:
        notifier = Notifier(manager.address)

        for _ in range(600):  # more than its queue takes (net.unix.max_dgram_qlen)
            notifier.tell(WATCHDOG=1)


async def test_who_waits_for_others_holds_on_and_lives_until_the_wait_is_over():
    with service_manager() as manager:
        async with Notifier(manager.address, watchdog_s=0.02).patience("waiting for the database"):
            first = await manager.hears("EXTEND_TIMEOUT_USEC")
            for _ in range(3):
                again = await manager.hears("WATCHDOG")

    assert first["STATUS"] == "waiting for the database"
    assert "EXTEND_TIMEOUT_USEC" in again


async def test_error_of_the_wait_goes_through():
    with pytest.raises(ValueError, match="no such address"):
        async with Notifier(None).patience("waiting for the database"):
            raise ValueError("no such address")


async def test_reload_begins_with_its_moment_and_ends_with_ready_also_when_it_fails():
    with service_manager() as manager:
        began_usec = time.monotonic_ns() // 1000

        with pytest.raises(ValueError, match="broken"), Notifier(manager.address).reloading():
            raise ValueError("broken")

        begun = await manager.hears("RELOADING")
        await manager.hears("READY")
    assert begun.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert int(begun["MONOTONIC_USEC"]) >= began_usec


@pytest.mark.parametrize(
    ("environ", "wanted_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(PID)}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
    ],
)
def test_watchdog_is_ours_when_it_waits_for_this_process(environ, wanted_s):
    assert watchdog_interval_s(environ, pid=PID) == wanted_s
    assert Notifier.from_environment(environ, pid=PID).watchdog_s == wanted_s
    assert not Notifier.from_environment({**environ, "NOTIFY_SOCKET": ""}, pid=PID).is_heard
