"""PostgreSQL, MariaDB, Redis and the sandbox as processes that can be stopped, killed and started again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from ippanel_provider.sandbox.runner import RunningSandbox

DATABASE_USER = "airflow"
_DEBIAN = Path("/usr/lib/postgresql")
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 60.0


class Missing(RuntimeError):
    """A program is not installed; the text says what to install."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Server(ABC):
    """One process that listens at a port of its own and logs to a file of its own in ``folder``."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command that runs it in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be spoken to."""

    def start(self) -> None:
        """Start it and return when it answers.

        :raises RuntimeError: if it ends instead, or does not answer in time.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd="/"
            )
        until = time.monotonic() + _START_TIMEOUT
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"{self.name} does not start; its log ends with:\n{self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and return when the process is gone."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, how)
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def restart(self, how: signal.Signals, pause: float = 0.0) -> None:
        """Stop it with a signal, leave it away for so many seconds, and start it again."""
        self.stop(how)
        time.sleep(pause)
        self.start()


class Postgres(Server):
    """A PostgreSQL server. It refuses to run as root, so root runs it as ``postgres``, or as ``nobody``."""

    FAST = signal.SIGINT
    """Its *fast* mode: transactions are rolled back, connections closed."""
    IMMEDIATE = signal.SIGQUIT
    """Its *immediate* mode: everything is dropped, and the next start recovers from the log."""

    def __init__(self, folder: Path) -> None:
        super().__init__("postgres", folder)
        self._bin = _postgres_programs()
        self._as_user: list[str] = []
        self._home = folder / "postgres"
        self._home.mkdir()
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(self._home, user.pw_uid, user.pw_gid)
            self._as_user = [
                _found("setpriv", "util-linux"),
                f"--reuid={user.pw_uid}",
                f"--regid={user.pw_gid}",
                "--clear-groups",
                "--",
            ]

    @property
    def _data(self) -> str:
        return str(self._home / "data")

    def command(self) -> list[str]:
        """``postgres`` on TCP alone."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*self._as_user, str(self._bin / "postgres"), "-D", self._data, *options]

    def make(self, *databases: str) -> None:
        """Make the server's files, start it, and make databases in it."""
        options = ["-U", DATABASE_USER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [*self._as_user, str(self._bin / "initdb"), "-D", self._data, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        self.start()
        with self.connect("postgres") as connection:
            for database in databases:
                connection.execute(f'CREATE DATABASE "{database}"')

    def answers(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(psycopg.Error), self.connect("postgres"):
            return True
        return False

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """Return a connection that commits each statement."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=DATABASE_USER, dbname=database, autocommit=True, connect_timeout=5
        )

    def url(self, database: str, scheme: str = "postgresql") -> str:
        """Return the database's URL."""
        return f"{scheme}://{DATABASE_USER}@127.0.0.1:{self.port}/{database}"


class MariaDb(Server):
    """A MariaDB server with files, socket and port of its own, that lets everybody in who asks on 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        super().__init__("mariadb", folder)
        self._program = _found("mariadbd", "mariadb-server")
        self._data = folder / "mariadb"

    def command(self) -> list[str]:
        """``mariadbd`` on TCP, and at a socket that nobody uses."""
        return [
            self._program,
            *self._settings(),
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-grant-tables",
        ]

    def make(self) -> None:
        """Make the server's files and start it."""
        self._data.mkdir()
        made = subprocess.run(
            [
                _found("mariadb-install-db", "mariadb-server"),
                *self._settings(),
                "--auth-root-authentication-method=normal",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        self.start()

    def answers(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            return bool(connection.recv(1))
        return False

    def url(self, database: str) -> str:
        """Return the database's URL."""
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{database}"

    def _settings(self) -> list[str]:
        user = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", *user, f"--datadir={self._data}", f"--socket={self.folder / 'mariadb.sock'}"]


class Redis(Server):
    """A Redis server that writes down what it is told before it answers, so that a restart loses no message."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        super().__init__("redis", folder)
        self._keeps = keeps
        self._program = _found("redis-server", "redis-server")

    def command(self) -> list[str]:
        """``redis-server`` with the append-only file."""
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "yes" if self._keeps else "no",
        }
        return [self._program, *(word for name, value in options.items() for word in (f"--{name}", str(value)))]

    def answers(self) -> bool:
        """Whether it says PONG; while it reads its file it says LOADING."""
        return self._ask(b"PING") == b"+PONG"

    def queued(self, queue: str = "default") -> int:
        """How many messages wait to be taken by a worker."""
        return int(self._ask(f"LLEN {queue}".encode())[1:])

    def unacknowledged(self) -> int:
        """How many messages a worker took and has not acknowledged."""
        return int(self._ask(b"HLEN unacked")[1:])

    def _ask(self, command: bytes) -> bytes:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(command + b"\r\n")
            return connection.recv(1024).split(b"\r\n")[0]
        return b":0"


class SandboxServer(Server):
    """The sandbox with a state file; ``hands`` steers it. Faults are set anew after each start, for they are not
    kept."""

    def __init__(self, folder: Path, *, latency: float) -> None:
        super().__init__("sandbox", folder)
        self.hands = RunningSandbox(f"http://127.0.0.1:{self.port}")
        self._latency = latency

    def command(self) -> list[str]:
        """The sandbox at its port, going on from its file."""
        options = ["--port", str(self.port), "--api-key", self.hands.api_key, "--empty", "--credit", "1e15"]
        return [
            sys.executable,
            "-m",
            "ippanel_provider.sandbox",
            *options,
            "--state",
            str(self.folder / "sandbox.state"),
        ]

    def answers(self) -> bool:
        """Whether it tells its counts."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError), opener.open(f"{self.hands.url}/_sandbox/clock", timeout=5) as response:
            return bool(response.status == 200)
        return False

    def start(self) -> None:
        """Start it without its duplicate guard: nothing but the ledger is to prevent a second text."""
        super().start()
        self.hands.account(duplicate_guard=0)
        self.hands.fault("latency", path="^/v1/api/send$", seconds=self._latency)

    def texts(self) -> int:
        """How many texts people got so far; 0 while it is away."""
        with contextlib.suppress(Exception):
            return int(self.hands.counts()["texts"])
        return 0


@contextlib.contextmanager
def ended(*servers: Server) -> Iterator[None]:
    """End servers when the block ends, however it does."""
    try:
        yield
    finally:
        for server in servers:
            server.stop(Postgres.IMMEDIATE if isinstance(server, Postgres) else signal.SIGKILL)


def _postgres_programs() -> Path:
    """Return the folder of the newest PostgreSQL; Debian keeps each version in a folder of its own."""
    versions = sorted(
        (path for path in _DEBIAN.glob("*/bin") if (path / "initdb").exists()), key=lambda path: float(path.parent.name)
    )
    if versions:
        return versions[-1]
    return Path(_found("initdb", "postgresql")).parent


def _found(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise Missing(f"There is no {program}: install it (on Debian: apt-get install {package}).")
    return path


def _unprivileged() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")
