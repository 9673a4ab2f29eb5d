"""Cases of the chapters auth, number, user, package, ticket, draft, payment and pattern."""

from __future__ import annotations

import pytest

from ippanel_provider.client import NotFound, Refused, Unauthorized, Upload, edge, totp
from ippanel_provider.service import TicketState

from .sending import refuses
from .world import LINE, PERSON, World, case

NAME, PASSWORD, MOBILE = "ippanel", "sandbox-password", "+989120000000"


@case("auth.check_token")
def check_token(world: World) -> None:
    account = world.run(edge.auth.check_token())
    assert (account.user_name, account.user_id, account.is_reseller) == (NAME, 58745, True)


@case("auth.login")
def login(world: World) -> None:
    step = world.run(edge.auth.login(NAME, PASSWORD))
    assert step.method == "login"
    assert world.as_token(step.token)(edge.auth.check_token()).user_name == NAME
    with pytest.raises(Unauthorized):
        world.run(edge.auth.login(NAME, "wrong"))


@case("auth.send_otp")
def send_otp(world: World) -> None:
    world.sandbox.account(two_factor="sms")
    first = world.run(edge.auth.login(NAME, PASSWORD))
    code = world.sandbox.otp()
    again = world.run(edge.auth.send_otp(first.token))
    assert again.method == "sms"
    assert again.token != first.token
    with pytest.raises(Unauthorized):
        world.run(edge.auth.confirm_otp(first.token, code))
    assert world.run(edge.auth.confirm_otp(again.token, world.sandbox.otp())).method == "login"


@case("auth.confirm_otp")
def confirm_otp(world: World) -> None:
    secret = world.sandbox.account(two_factor="ga")["totp_secret"]
    step = world.run(edge.auth.login(NAME, PASSWORD))
    assert step.method == "ga"
    final = world.run(edge.auth.confirm_otp(step.token, totp.code(totp.key(secret), world.sandbox.now())))
    assert world.as_token(final.token)(edge.payment.credit()).credit > 0


@case("auth.forgot_password")
def forgot_password(world: World) -> None:
    assert len(world.run(edge.auth.forgot_password(NAME, MOBILE)).token) >= 30
    with pytest.raises(Unauthorized):
        world.run(edge.auth.forgot_password(NAME, PERSON))


@case("auth.change_password")
def change_password(world: World) -> None:
    step = world.run(edge.auth.forgot_password(NAME, MOBILE))
    assert world.run(edge.auth.change_password(step.token, world.sandbox.otp(), "a-new-one")) is None
    assert world.run(edge.auth.login(NAME, "a-new-one")).method == "login"


@case("auth.logout")
def logout(world: World) -> None:
    run = world.as_token(world.run(edge.auth.login(NAME, PASSWORD)).token)
    assert run(edge.auth.logout()) is None
    with pytest.raises(Unauthorized):
        run(edge.auth.check_token())


@case("number.list_numbers")
def list_numbers(world: World) -> None:
    lines = {line.number: line for line in world.run(edge.number.list_numbers()).items}
    assert lines["+981000123"].is_66_char is True
    assert (lines[LINE].id, lines[LINE].receives) == (10001, True)


@case("number.assign_number")
def assign_number(world: World) -> None:
    user_id = world.sandbox.add_user("somebody")
    request = edge.number.assign_number(number=LINE, target_user="somebody", send=True, gets=False)
    assert world.run(request) is None
    assert next(user for user in world.sandbox.users() if user["id"] == user_id)["lines"] == {
        LINE: {"send": True, "gets": False}
    }
    with pytest.raises(Refused, match="already assigned"):
        world.run(request)


@case("number.unassign_number")
def unassign_number(world: World) -> None:
    request = edge.number.unassign_number(number_id=10001, target_user_id=123)
    with pytest.raises(Refused, match="not assigned"):
        world.run(request)
    world.run(edge.number.assign_number(number_id=10001, target_user_id=123, send=True, gets=True))
    assert world.run(request) is None


@case("user.parents_tree")
def parents_tree(world: World) -> None:
    tree = world.run(edge.user.parents_tree(123))
    assert tree.selected_user.username == "testuser"
    assert [parent.id for parent in tree.tree] == [58745, 464, 8555, 98798, 584]


@case("user.list_users")
def list_users(world: World) -> None:
    world.sandbox.add_user("somebody", name="کسی", is_reseller=True, mobile=PERSON, expires=2_000_000_000)
    filters = {
        "username": "some",
        "is_reseller": True,
        "never_logged_in": True,
        "sub_reseller": False,
        "mobile": PERSON,
    }
    (user,) = world.run(edge.user.list_users(**filters)).items
    assert (user.user_name, user.name, user.is_reseller, user.mobile) == ("somebody", "کسی", True, PERSON)


@case("package.list_packages")
def list_packages(world: World) -> None:
    (package,) = world.run(edge.package.list_packages()).items
    assert (package.id, package.name, package.price) == (123, "package name", 2_000_000)


@case("ticket.create_ticket")
def create_ticket(world: World) -> None:
    made = world.run(
        edge.ticket.create_ticket(
            "a line", 10, "please", sms_notification=True, file=Upload("a.png", b"png", "image/png")
        )
    )
    ticket = world.run(edge.ticket.get_ticket(made.ticket_id))
    assert (ticket.subject, ticket.description, ticket.state) == ("a line", "please", TicketState.WAITING)
    assert str(ticket.attachment).endswith("/a.png")


@case("ticket.list_tickets")
def list_tickets(world: World) -> None:
    made = world.run(edge.ticket.create_ticket("a line", 11, "please"))
    (ticket,) = world.run(edge.ticket.list_tickets(username=NAME, category_id=11, state=TicketState.WAITING)).items
    assert (ticket.ticket_id, ticket.category) == (made.ticket_id, "System Questions")


@case("ticket.get_ticket")
def get_ticket(world: World) -> None:
    ticket = world.run(edge.ticket.get_ticket(100001))
    assert (ticket.subject, [said.id for said in ticket.interactions]) == ("Sample ticket with file", [400001])


@case("ticket.reply_ticket")
def reply_ticket(world: World) -> None:
    reply = world.run(edge.ticket.reply_ticket(100001, "thank you"))
    world.sandbox.answer_ticket(100001, "you are welcome")
    ticket = world.run(edge.ticket.get_ticket(100001))
    assert (reply.ticket_id, [said.description for said in ticket.interactions][1:]) == (
        100001,
        ["thank you", "you are welcome"],
    )
    assert ticket.state is TicketState.ANSWERED


@case("draft.create_draft_group")
def create_draft_group(world: World) -> None:
    assert world.run(edge.draft.create_draft_group("offers")) is None
    assert world.run(edge.draft.list_draft_groups()).items[-1].title == "offers"


@case("draft.update_draft_group")
def update_draft_group(world: World) -> None:
    world.run(edge.draft.update_draft_group(10002, "offers"))
    assert {group.group_id: group.title for group in world.run(edge.draft.list_draft_groups()).items}[10002] == "offers"


@case("draft.delete_draft_group")
def delete_draft_group(world: World) -> None:
    world.run(edge.draft.delete_draft_group(10001))
    assert [draft.draft_id for draft in world.run(edge.draft.list_drafts()).items] == [30003]
    with pytest.raises(NotFound):
        world.run(edge.draft.delete_draft_group(10001))


@case("draft.list_draft_groups")
def list_draft_groups(world: World) -> None:
    page = world.run(edge.draft.list_draft_groups(per_page=2))
    assert ([group.group_id for group in page.items], page.total) == ([10001, 10002], 3)


@case("draft.create_draft")
def create_draft(world: World) -> None:
    assert world.run(edge.draft.create_draft(10002, "سلام")) is None
    assert [draft.message for draft in world.run(edge.draft.list_drafts(10002)).items] == [
        "Another sample message",
        "سلام",
    ]


@case("draft.update_draft")
def update_draft(world: World) -> None:
    world.run(edge.draft.update_draft(30003, "سلام"))
    assert world.run(edge.draft.list_drafts(10002)).items[0].message == "سلام"


@case("draft.delete_drafts")
def delete_drafts(world: World) -> None:
    world.run(edge.draft.delete_drafts([30001, 30003]))
    assert [draft.draft_id for draft in world.run(edge.draft.list_drafts()).items] == [30002]


@case("draft.list_drafts")
def list_drafts(world: World) -> None:
    assert [draft.draft_id for draft in world.run(edge.draft.list_drafts(10001)).items] == [30001, 30002]


@case("payment.credit")
def credit(world: World) -> None:
    before = world.run(edge.payment.credit()).credit
    world.run(edge.send.webservice("سلام", [PERSON], sender=LINE))
    assert world.run(edge.payment.credit()).credit < before


@case("pattern.create")
def create(world: World) -> None:
    made = world.run(
        edge.pattern.create(
            "کد %code%", description="a code", variables={"code": "integer"}, title="codes", is_share=True
        )
    )
    assert (made.status, made.is_share, made.variables[0].type, made.variables[0].length) == (
        "pending",
        True,
        "integer",
        40,
    )
    refuses(world, edge.send.pattern(made.code, PERSON, {"code": 1}, sender=LINE), "code")
    world.sandbox.approve(made.code)
    world.run(edge.send.pattern(made.code, PERSON, {"code": 1}, sender=LINE))
    assert world.sent() == [(PERSON, "کد 1")]


@case("pattern.list")
def list_patterns(world: World) -> None:
    rejected = world.run(edge.pattern.list(state="inactive")).items
    assert [pattern.code for pattern in rejected] == ["zcxxc465465zxc"]
    assert rejected[0].admin_comment
    assert world.run(edge.pattern.list(per_page=4)).total == 6


@case("pattern.get")
def get(world: World) -> None:
    pattern = world.run(edge.pattern.get("aibg4dsfertj5ht"))
    assert (pattern.status, pattern.variables[0].name, pattern.variables[0].length) == ("active", "number", 20)
    with pytest.raises(NotFound):
        world.run(edge.pattern.get("unknown"))


@case("pattern.update")
def update(world: World) -> None:
    made = world.run(
        edge.pattern.update("xxxxxxxxxxxxxxx", "رمز %code%", description="shorter", variables={"code": "string"})
    )
    assert (made.status, made.message) == ("pending", "رمز %code%")
    world.sandbox.reject("xxxxxxxxxxxxxxx", "who are you?")
    found = world.run(edge.pattern.get("xxxxxxxxxxxxxxx"))
    assert (found.status, found.admin_comment) == ("inactive", "who are you?")


@case("pattern.delete")
def delete(world: World) -> None:
    assert world.run(edge.pattern.delete("xxxxxxxxxxxxxxx")) is None
    with pytest.raises(NotFound):
        world.run(edge.pattern.delete("xxxxxxxxxxxxxxx"))
