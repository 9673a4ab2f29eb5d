"""The sandbox as a process: options, the socket, a clean end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ippanel_provider.extras import missing
from ippanel_provider.service_profile import DOCUMENTS, InvalidProfile, ServiceProfile

from . import examples
from .app import App
from .certificates import Certificates, throw_away
from .clock import Clock
from .defaults import API_KEY, API_KEY_VARIABLE, CA, READY
from .door import Door, is_loopback
from .lifecycle import Timing
from .state import Sandbox
from .state_file import StateFileError

DEFAULT_PORT = 8089
_HIGHEST_PORT = 65535
_STANDARD_INPUT = 0
_AT_ONCE = struct.pack("ii", 1, 0)
"""Linger for no second: what is not sent is thrown away, and the connection is reset."""


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's protocol, which lets the application close the connection itself: that is how a fault drops it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        ends = {"close_connection": transport.close, "reset_connection": lambda: _reset(transport)}
        self.app_state: dict[str, Any] = self.app_state | ends


def _reset(transport: asyncio.Transport) -> None:
    """Drop the connection so that the other side is told it was reset."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()


class _Server(uvicorn.Server):
    """Ends open streams before it waits for their connections."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox, tls: Certificates | None) -> None:
        super().__init__(config)
        self._sandbox = sandbox
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            url = f"http{'s' if self._tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"
            trusted = f"\n{CA}{self._tls.authority}" if self._tls else ""
            # Only the key that everybody knows: one that was given is a secret of whoever gave it.
            key = API_KEY if self._sandbox.api_key == API_KEY else "as given"
            # Starters read the first line and may then leave, so both are written at once.
            print(f"{READY}{url}\nBase URL {url}/v1, key {key}{trusted}", flush=True)  # noqa: T201 - what starters wait for

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT as a job done; uvicorn's own would die of the signal after its clean end."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._sandbox.hub.close()
        await super().shutdown(sockets)


def serve(
    sandbox: Sandbox,
    listening: socket.socket,
    door: Door,
    *,
    tls: Certificates | None = None,
    stop_with_stdin: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT. Return the exit code.

    :param tls: serve ``https://`` with these.
    :param stop_with_stdin: end when standard input closes, so that a sandbox never outlives the process that started
        it.
    """
    config = uvicorn.Config(
        App(sandbox, door),
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
        server_header=False,
        # Wire answers carry the time of the service, not of this machine.
        date_header=False,
        backlog=2048,
        ssl_certfile=tls.chain if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    server = _Server(config, sandbox, tls)
    if stop_with_stdin:
        threading.Thread(target=_wait_for_end_of_input, args=(server,), daemon=True).start()
    # Bulks live for the whole run: looking through them for cycles again and again only costs time.
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _listen(parser: argparse.ArgumentParser, host: str, port: int) -> socket.socket:
    """Listen, or end the process with a sentence and the code of wrong arguments."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # localhost is two addresses on most machines, and 127.0.0.1 is the one that people write.
        family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(address, family=family)
    except OSError as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or errno.EINVAL)
        why = f"cannot listen on {host}, port {port}: {reason}"
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} is taken; choose another with --port, or let --port 0 pick a free one"
        parser.exit(2, f"{parser.prog}: {why}\n")


def _wait_for_end_of_input(server: uvicorn.Server) -> None:
    # Straight from the descriptor: a thread inside sys.stdin would hold the interpreter's end up.
    while os.read(_STANDARD_INPUT, 4096):
        pass
    server.should_exit = True


def build_parser() -> argparse.ArgumentParser:
    """The options of ``ippanel sandbox``."""
    parser = argparse.ArgumentParser(
        prog="ippanel sandbox", description="A stand-in for the IPPanel service on this machine."
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port to listen on; 0 picks a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; anything but this machine needs --i-know"
    )
    parser.add_argument(
        "--i-know", action="store_true", help="listen where others can reach it: texts and the key are open to them"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer under this name too, as sandbox.example; may be repeated",
    )
    parser.add_argument(
        "--tls", action="store_true", help="serve https with a throw-away certificate authority, whose file it prints"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let scripts of this web site call the APIs (CORS), as https://shop.example; may be repeated",
    )
    parser.add_argument(
        "--api-key",
        default=os.environ.get(API_KEY_VARIABLE) or API_KEY,
        help=f"the key clients use (default: {API_KEY_VARIABLE}, or {API_KEY}); other users of the machine can "
        f"read it here",
    )
    parser.add_argument("--empty", action="store_true", help="start without the examples of the documents")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="how many times the usual 3.5 seconds a text takes; 0 is at once"
    )
    parser.add_argument("--speed", type=float, help="how fast the service's clock runs (default: 1)")
    parser.add_argument("--credit", type=float, help="rial the account starts with")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep everything in FILE (SQLite) and go on from there the next time"
    )
    parser.add_argument(
        "--profile",
        type=Path,
        metavar="FILE",
        help="behave as the panel of this service profile (JSON), not as the documents'",
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``ippanel sandbox`` with these arguments, the process's own when None."""
    parser = build_parser()
    options = parser.parse_args(argv)
    if not options.i_know and options.host != "localhost" and not is_loopback(options.host):
        parser.error(f"--host {options.host} can be reached by others; say --i-know if that is meant")
    if options.pace < 0 or (options.speed or 0) < 0:
        parser.error("--pace and --speed take numbers from 0")
    try:
        door = Door([*options.allow_host, options.host], options.allow_origin)
    except ValueError as error:
        parser.error(f"--allow-host or --allow-origin: {error}")
    if not 0 <= options.port <= _HIGHEST_PORT:
        parser.error(f"--port takes numbers from 0 to {_HIGHEST_PORT}")

    def seed(sandbox: Sandbox) -> None:
        if not options.empty:
            examples.fill(sandbox)
        if options.credit is not None:
            sandbox.account.credit = options.credit

    clock = Clock(speed=1.0 if options.speed is None else options.speed)
    try:
        profile = DOCUMENTS if options.profile is None else ServiceProfile.read(options.profile)
    except InvalidProfile as error:
        parser.error(f"--profile: {error}")
    timing = Timing().scaled(options.pace)
    sandbox = Sandbox(api_key=options.api_key, timing=timing, clock=clock, seed=seed, profile=profile)
    if options.state is not None:
        try:
            sandbox.open(options.state)
        except StateFileError as error:
            parser.error(str(error))
        if options.speed is not None:
            sandbox.move_clock(speed=options.speed)
    try:
        with _listen(parser, options.host, options.port) as listening:
            names = [*options.allow_host, options.host]
            with throw_away(names) if options.tls else contextlib.nullcontext() as tls:
                return serve(sandbox, listening, door, tls=tls, stop_with_stdin=options.stop_with_stdin)
    except ModuleNotFoundError as error:
        parser.exit(2, f"{parser.prog}: {missing(error.name or 'cryptography', 'sandbox')}\n")
    finally:
        sandbox.journal.close()
