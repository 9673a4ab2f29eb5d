"""Who is asking: the credential of a command, and the token that ``login`` keeps."""

from __future__ import annotations

import argparse
import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

from ippanel_provider.cli.asking import ask
from ippanel_provider.cli.result import Result
from ippanel_provider.cli.terminal import plain
from ippanel_provider.client import (
    ApiKey,
    Client,
    FileStore,
    InvalidInput,
    Login,
    MemoryStore,
    OtpRequired,
    Settings,
    Unauthorized,
    Unsupported,
    edge,
)
from ippanel_provider.client.models import Account
from ippanel_provider.service import Api

_TRIES = 3


def environment_key() -> str:
    """Return the key of the environment or of the file it names; empty where there is neither.

    :raises InvalidInput: the file holds no text.
    :raises OSError: the file cannot be read.
    """
    if key := os.environ.get("IPPANEL_API_KEY"):
        return key
    if not (file := os.environ.get("IPPANEL_API_KEY_FILE")):
        return ""
    try:
        key = Path(file).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        key = ""
    if not key:
        raise InvalidInput(f"IPPANEL_API_KEY_FILE: {file} holds no key; write the key into it as it is, as UTF-8")
    return key


def credential(settings: Settings) -> ApiKey:
    """Return the key of the environment or of the file it names, or the token of the last login, or what is typed.

    :raises InvalidInput: there is none, and nobody to ask.
    :raises OSError: the file cannot be read.
    """
    if key := environment_key():
        return ApiKey(key)
    hint = "set IPPANEL_API_KEY"
    if settings.api is Api.EDGE:
        token = _store(settings).load()
        if token is not None and token.expires_at > datetime.now(UTC):
            return ApiKey(token.value)
        hint += ", or run `ippanel login`" + ("" if token is None else " again: the last one has ended")
    return ApiKey(ask("API key", secret=True, otherwise=hint))


def login(options: argparse.Namespace, settings: Settings) -> Result:
    """Log in, with whatever codes the account asks for, and keep the token."""
    _edge_only(settings, "login")
    username = os.environ.get("IPPANEL_USERNAME") or ask("User name", otherwise="set IPPANEL_USERNAME")
    password = os.environ.get("IPPANEL_PASSWORD") or ask("Password", secret=True, otherwise="set IPPANEL_PASSWORD")
    kept = MemoryStore()
    auth = Login(username, password, totp_secret=os.environ.get("IPPANEL_TOTP_SECRET"), store=kept)
    with Client(auth, settings) as client:
        account = _confirmed(client, auth)
    token = kept.load()
    if token is None:
        raise RuntimeError("a login that succeeded left no token")
    _store(settings).save(token)
    until = token.expires_at.astimezone()
    return Result(
        {"user_name": account.user_name, "expires_at": token.expires_at.isoformat()},
        [f"Logged in as {plain(account.user_name)} until {until:%Y-%m-%d %H:%M}."],
        acted=True,
    )


def logout(options: argparse.Namespace, settings: Settings) -> Result:
    """End the token that ``login`` keeps, with the service and here."""
    _edge_only(settings, "logout")
    store = _store(settings)
    token = store.load()
    try:
        if token is not None and token.expires_at > datetime.now(UTC):
            with Client(token.value, settings) as client, contextlib.suppress(Unauthorized):
                client.run(edge.auth.logout())
    finally:
        store.clear()
    return Result(
        {"logged_out": token is not None}, ["Logged out." if token is not None else "There was no login to end."]
    )


def _confirmed(client: Client, auth: Login) -> Account:
    try:
        return client.run(edge.auth.check_token())
    except OtpRequired as required:
        texted = required.method == "sms"
        prompt = "Code (texted to you; empty for another)" if texted else "Code (of the authenticator)"
        otherwise = "run it at one" if texted else "set IPPANEL_TOTP_SECRET"
        for left in reversed(range(_TRIES)):
            code = ask(prompt, otherwise=otherwise)
            try:
                client.run(auth.confirm(code) if code or not texted else auth.resend())
            except Unauthorized:
                if not left:
                    raise
            else:
                if code:
                    break
        return client.run(edge.auth.check_token())


def _edge_only(settings: Settings, command: str) -> None:
    if settings.api is not Api.EDGE:
        raise Unsupported(
            f"{command}: the legacy REST API takes access keys only. Set IPPANEL_API_KEY, or use --api edge."
        )


def _store(settings: Settings) -> FileStore:
    if not (directory := os.environ.get("IPPANEL_TOKEN_DIR")):
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        directory = str(Path(state) / "ippanel")
    # Whoever logged in last at this service is who the other commands speak for.
    return FileStore(directory, username="", base_url=settings.root)
