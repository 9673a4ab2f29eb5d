"""The DAGs of the run: every kind of task once well, once with each of its templates broken, and before a service that
tells back what it was sent; and what goes round tasks: mapping, callbacks, other tasks' results, logins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tests.leaks.canaries import BY_NAME, SECRETS
from tests.leaks.kinds import LATIN, PEOPLE, READING, TEXT, VALUE, Kinds, kinds_of_tasks
from tests.leaks.worker import new_dag

NOTIFIER = "ippanel_provider.notifications.ippanel.IPPanelNotifier"


def plan(order: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any] | None]]:
    """Yield each DAG with the ``conf`` of its run."""
    kinds = kinds_of_tasks(order)
    if order["kinds"]:
        kinds = {name: kind for name, kind in kinds.items() if name in order["kinds"]}
    yield well(kinds, short=order["short"]), None
    yield broken(kinds, order["templates"], short=order["short"]), None
    yield handed_over(), None
    yield waited_for(order), None
    yield called_back(order["ways"]), None
    yield asked_by_people(order["ways"]), None
    yield logged_in(order["ways"]), None
    yield of_known_places(), {"mobile": f"0{value_of('number in conf')}", "text": value_of("text in conf")}
    yield from with_a_deadline()
    yield from told_back(kinds, order["ways"], order["widest"], together=order["short"])


def value_of(name: str) -> str:
    """Return the value of a canary."""
    return BY_NAME[name].value


def well(kinds: Kinds, *, short: bool) -> Any:
    """Every kind as it is meant; what waits also on the triggerer."""
    with new_dag("well") as dag:
        for name, (kind, given) in kinds.items():
            kind(task_id=name, **given)
            if "poke_interval" in given and not short:
                kind(task_id=f"{name}-deferred", deferrable=True, **given)
            if name == "import_book" and not short:
                kind(
                    task_id=name + "-awaited",
                    wait_for_completion=True,
                    deferrable=True,
                    timeout=2,
                    poke_interval=1,
                    **given,
                )
            if name in ({"send", "sql"} if short else {"send", "send_pattern", "sql", "file"}):
                kind(task_id=f"{name}-rehearsed", dry_run=True, **given)
                kind(task_id=f"{name}-awaited", wait_for_completion=True, deferrable=True, poke_interval=1, **given)
    return dag


def broken(kinds: Kinds, templates: list[str], *, short: bool) -> Any:
    """Every kind with each of its templates broken in its turn; in short only where there is something to tell."""
    with new_dag("broken") as dag:
        for name, (kind, given) in kinds.items():
            for field in sorted(set(kind.template_fields) & given.keys()):
                if short and not any(canary.value in str(given[field]) for canary in SECRETS):
                    continue
                for at, template in enumerate(templates):
                    if (worse := _broken(given[field], template)) is not None:
                        kind(task_id=f"{name}-{field}-{at}", **{**given, field: worse})
    return dag


def _broken(value: Any, template: str) -> Any:
    if isinstance(value, str):
        return f"{value} {template}"
    if isinstance(value, list):
        return [*value, template]
    return {**value, "more": template} if isinstance(value, dict) else None


def handed_over() -> Any:
    """People and texts out of Variables, also for mapped tasks, and ids out of the inbox."""
    from airflow.providers.common.compat.sdk import task

    from ippanel_provider.operators.send import IPPanelSendOperator

    people, text = "{{ var.json.leaks_people }}", "{{ var.value.leaks_text }}"
    with new_dag("handed_over", render_template_as_native_obj=True) as dag:
        IPPanelSendOperator(task_id="of_variables", message=text, recipients=people)
        IPPanelSendOperator(task_id="badly", message=text, recipients="{{ var.json.leaks_people + 1 }}")
        IPPanelSendOperator(task_id="no_number", message=text, recipients="{{ [var.value.leaks_text] }}")
        IPPanelSendOperator.partial(task_id="mapped", message=text).expand(recipients=[people, "{{ nope.x }}"])
        kwargs = [{"message": text, "recipients": people}, {"message": "{{ nope", "recipients": people}]
        IPPanelSendOperator.partial(task_id="mapped_whole").expand_kwargs(kwargs)

        @task.ippanel_sms(recipients=people)
        def decorated(word: str) -> str:
            return f"سلام {word}"

        @task.ippanel_sms
        def decorated_rows(word: str) -> list[Any]:
            return [(PEOPLE[0], f"{word} {TEXT}"), (TEXT, PEOPLE[1])]

        decorated(LATIN)
        decorated_rows(VALUE)
    return dag


def waited_for(order: dict[str, Any]) -> Any:
    """What the triggerer runs, all at once: events, waits that end, waits before a service that tells back."""
    from airflow.providers.common.compat.sdk import task

    with new_dag("waited_for") as dag:

        @task
        def events() -> Any:
            import asyncio

            async def first(trigger: Any) -> Any:
                return [trigger.serialize(), (await anext(trigger.run())).payload]

            async def all_of_them() -> Any:
                return await asyncio.gather(*map(first, triggers(order)), return_exceptions=True)

            return [str(event) for event in asyncio.run(all_of_them())]

        events()
    return dag


def triggers(order: dict[str, Any]) -> Iterator[Any]:
    """Yield every kind of trigger, well and before a service that tells back; what waits in vain does so shortly."""
    import time

    from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

    from ippanel_provider.triggers.account import IPPanelCreditTrigger, IPPanelPatternTrigger
    from ippanel_provider.triggers.bulk import IPPanelBulkTrigger
    from ippanel_provider.triggers.clock import IPPanelClockTrigger
    from ippanel_provider.triggers.inbox import IPPanelInboxTrigger
    from ippanel_provider.triggers.inbox_event import IPPanelInboxEventTrigger
    from ippanel_provider.triggers.phonebook import IPPanelImportTrigger

    event_trigger = IPPanelInboxEventTrigger
    with suppress(AirflowOptionalProviderFeatureException):
        from ippanel_provider.queues.inbox import IPPanelMessageQueueProvider

        event_trigger = IPPanelMessageQueueProvider().trigger_class()
    yield event_trigger(keywords=["stop"], start="earliest", poll_interval=1)
    yield IPPanelClockTrigger(time.time())
    for conn_id in ("ippanel_default", *(f"all-{way}" for way in order["ways"])):
        given = (conn_id, 0.5, time.time() + 2)
        yield IPPanelBulkTrigger([order["sent"]], *given)
        yield IPPanelCreditTrigger(1e18, *given)
        yield IPPanelPatternTrigger(order["pattern"], *given)
        yield IPPanelImportTrigger(order["book"], ["imported"], *given)
        yield IPPanelInboxTrigger(0, None, {"keywords": ["stop"]}, *given)


def called_back(ways: list[str]) -> Any:
    """Alerts of failures, which fail in their turn."""
    from airflow.providers.common.compat.sdk import task

    from ippanel_provider.notifications.ippanel import IPPanelNotifier

    given: dict[str, Any] = {"recipients": PEOPLE, "window": 0, "timeout": 1}
    alerts = [IPPanelNotifier(message=TEXT, ippanel_conn_id=f"send-{way}", **given) for way in ways]
    alerts += [
        IPPanelNotifier(message=TEXT, recipients=PEOPLE),
        IPPanelNotifier(message=TEXT + " {{ nope.x }}", **given),
    ]
    alerts += [IPPanelNotifier(message=TEXT, recipients=[*PEOPLE, "{{ 1 / 0 }}", LATIN])]
    alerts += [IPPanelNotifier(pattern_code="none", variables={"name": VALUE, "more": "{{ nope"}, **given)]
    with new_dag("called_back", on_failure_callback=alerts) as dag:

        @task(on_failure_callback=alerts)
        def fails() -> None:
            raise ValueError("on purpose")

        @task
        def by_apprise(way: str) -> None:
            import apprise

            from ippanel_provider.apprise_plugin import register
            from ippanel_provider.hooks.ippanel import IPPanelHook

            register()
            channels = apprise.Apprise()
            channels.add(IPPanelHook(f"send-{way}").get_apprise_url(PEOPLE))
            assert channels.notify(body=TEXT)

        @task
        def misses_its_deadline(way: str) -> None:
            """As the triggerer calls an alert; its arguments are the way of docs/security.md."""
            import asyncio

            from airflow.providers.common.compat.sdk import Variable

            context = {"dag_run": {"dag_id": "called_back", "run_id": "x"}, "deadline": {"id": "x"}}
            alert = IPPanelNotifier(
                message="{{ var.value.leaks_text }} {{ dag_run.dag_id }}",
                recipients=Variable.get("leaks_people", deserialize_json=True),
                ippanel_conn_id=f"send-{way}",
                context=context,
                **given,
            )

            async def called() -> None:
                await alert

            asyncio.run(called())

        fails()
        for way in ways[:3]:
            misses_its_deadline.override(task_id=f"misses_its_deadline-{way}")(way)
        for way in ways:
            by_apprise.override(task_id=f"by_apprise-{way}")(way)
    return dag


def asked_by_people(ways: list[str]) -> Any:
    """The button *Test* of every connection, and the link from a task to the panel."""
    from airflow.providers.common.compat.sdk import task

    with new_dag("asked_by_people") as dag:

        @task
        def tested() -> list[str]:
            from ippanel_provider.hooks.ippanel import IPPanelHook

            names = ["ippanel_default", "login", "proxy", *(f"all-{way}" for way in ways)]
            return [str(IPPanelHook(name).test_connection()) for name in names]

        @task
        def followed(ti: Any = None) -> str:
            from airflow.models.taskinstancekey import TaskInstanceKey

            from ippanel_provider.links import IPPanelBulkLink, IPPanelCampaignLink

            key = TaskInstanceKey(ti.dag_id, ti.task_id, ti.run_id, ti.try_number, -1)
            return " ".join(link.get_link(ti.task, ti_key=key) for link in (IPPanelBulkLink(), IPPanelCampaignLink()))

        tested()
        followed()
    return dag


def logged_in(ways: list[str]) -> Any:
    """A login by password and one-time code that goes wrong, and a proxy that is not there."""
    from ippanel_provider.operators.account import IPPanelCreditOperator

    with new_dag("logged_in") as dag:
        for name in ("login", "proxy", *(f"login-{way}" for way in ways)):
            IPPanelCreditOperator(task_id=name, ippanel_conn_id=name)
    return dag


def of_known_places() -> Any:
    """Where Airflow itself keeps what it is given."""
    from airflow.providers.common.compat.sdk import task

    from ippanel_provider.operators.send import IPPanelSendOperator

    with new_dag("known", render_template_as_native_obj=True) as dag:
        IPPanelSendOperator(task_id="conf", message="{{ dag_run.conf.text }}", recipients="{{ [dag_run.conf.mobile] }}")
        mapped = [[f"0{value_of('number of a mapped literal')}"]]
        IPPanelSendOperator.partial(task_id="mapped", message=value_of("text of a mapped literal")).expand(
            recipients=mapped
        )
        shown = {"recipients": [f"0{value_of('number with show_rendered')}"], "show_rendered": True}
        IPPanelSendOperator(task_id="shown", message=value_of("text with show_rendered"), **shown)

        @task
        def people(number: str) -> list[str]:
            return [f"0{value_of(number)}"]

        IPPanelSendOperator(task_id="by_xcom", message=TEXT, recipients=people("number handed over by a task"))
    return dag


def with_a_deadline() -> Iterator[tuple[Any, None]]:
    """A callback that Airflow keeps from when the DAG is parsed."""
    try:
        from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference
    except ImportError:
        return
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import task

    given = {"message": value_of("text of a deadline"), "recipients": f"0{value_of('number of a deadline')}"}
    alert = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(days=1),
        callback=AsyncCallback(NOTIFIER, kwargs=given),
    )
    with new_dag("deadline", deadline=alert) as dag:

        @task
        def late() -> None:
            pass

        late()
    yield dag, None


def told_back(kinds: Kinds, ways: list[str], widest: list[str], *, together: bool) -> Iterator[tuple[Any, None]]:
    """Every kind before a service that tells back what it was sent: the ``widest`` in every way, others in some."""
    some = len(ways) if together else len(kinds) / 3
    for of_a_dag in [ways] if together else [[way] for way in ways]:
        with new_dag(f"told-{of_a_dag[0]}") as dag:
            for way in of_a_dag:
                for place, (name, (kind, given)) in enumerate(kinds.items()):
                    if name in widest or (ways.index(way) + place) % some < 1:
                        scope = "all" if name in READING else "send"
                        kind(task_id=f"{name}-{way}", ippanel_conn_id=f"{scope}-{way}", **given)
        if dag.task_dict:
            yield dag, None
