"""Drives ``djsms``, a Django app. Not a byte of it is changed: it speaks to https://edge.ippanel.com, which the tunnel
beside this file leads to the sandbox and its throw-away authority vouches for.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import django
import jdatetime
import requests
from django.conf import settings
from django.utils import timezone

URL, KEY, SENDER = os.environ["SANDBOX_URL"], os.environ["SANDBOX_KEY"], os.environ["SANDBOX_SENDER"]

settings.configure(
    INSTALLED_APPS=["djsms"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DJSMS_USE_DJANGO_Q=False,
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - after Django is set up
from djsms.backends.ippanel import IPPanel  # noqa: E402
from djsms.errors import SMSError  # noqa: E402

call_command("migrate", verbosity=0)


def refused(call: Callable[[], object]) -> SMSError:
    """The error a call ends in."""
    try:
        call()
    except SMSError as error:
        return error
    raise AssertionError("it was accepted")


people = requests.Session()
people.headers["Authorization"] = KEY
made = people.post(
    f"{URL}/v1/api/patterns/normal",
    json={
        "description": "ورود",
        "is_share": False,
        "message": "کد شما: %code%",
        "variable": [{"name": "code", "type": "string"}],
    },
)
code = made.json()["data"]["pattern_code"]
people.post(f"{URL}/_sandbox/patterns/{code}/approve", json={}).raise_for_status()

pattern = {"id": code, "name": "login", "body": "کد شما: {}", "arg_keys": ["code"]}
panel = IPPanel({"token": KEY, "from": SENDER, "patterns": [pattern]})
credit = panel.get_credit()
print("  get_credit:", credit)
assert credit > 0

for name, message in (
    ("send", panel.send("سلام از Django", "09120000000")),
    ("send_bulk", panel.send_bulk("سلام به همه", ["09120000000", "+989120000001"])),
    ("send_pattern", panel.send_pattern("login", "09120000000", ["5678"])),
    ("send_multiple", panel.send_multiple(["یک", "دو"], ["09120000000", "09120000001"])),
):
    print(f"  {name}: {message!r} {message.status} to {message.recipient}")
    assert message.status == "success"

for name, wrong in (
    ("a wrong key", lambda: IPPanel({"token": "wrong", "from": SENDER}).send("a", "09120000000")),
    ("the same again", lambda: panel.send("سلام از Django", "09120000000")),
    ("another's line", lambda: IPPanel({"token": KEY, "from": "+981234567"}).send("a", "09120000000")),
):
    print(f"  {name}: {type(refused(wrong)).__name__}")

# In two days at noon, as people in Tehran say it.
noon = jdatetime.datetime.now(ZoneInfo("Asia/Tehran")) + timedelta(days=2)
day = (noon.year, noon.month, noon.day, 12, 0)
try:
    panel.send_schedule("تا پس‌فردا", "09120000000", *day)
except AttributeError as error:
    # It asks Django for what Django 5 has no more, though it wants Django 5: nothing leaves it.
    print("  send_schedule: a mistake of its own,", error)
# With what it asks for at hand, as Django 4 had it.
timezone.utc = UTC
message = panel.send_schedule("تا پس‌فردا", "09120000000", *day)
print(f"  send_schedule, with what Django 4 had: {message!r} {message.status} to {message.recipient}")
(handed_over,) = people.get(f"{URL}/_sandbox/messages", params={"text": "تا پس‌فردا"}).json()["messages"]
due = datetime.fromtimestamp(handed_over["send_time"], ZoneInfo("Asia/Tehran"))
assert (due.hour, due.minute) == (12, 0)
assert jdatetime.datetime.fromgregorian(datetime=due).day == noon.day
