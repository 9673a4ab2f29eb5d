"""What operators take beyond what they name themselves, for editors and type checkers.

Airflow reads each ``__init__`` of a class's line, and hands the rest upwards; these types say what the rest may be.
They are names only: no operator imports them when a DAG is parsed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Required, TypedDict

from ippanel_provider.options import Checks, IfStatus, Memory, Results
from ippanel_provider.service import BulkState


class TaskOptions(TypedDict, total=False):
    """What any task of Airflow takes, 2.11 to 3.3, its name apart."""

    owner: str
    email: str | Sequence[str] | None
    email_on_retry: bool
    email_on_failure: bool
    retries: int | None
    retry_delay: timedelta | float
    retry_exponential_backoff: float
    max_retry_delay: timedelta | float | None
    retry_policy: Any
    start_date: datetime | None
    end_date: datetime | None
    depends_on_past: bool
    ignore_first_depends_on_past: bool
    wait_for_past_depends_before_skipping: bool
    wait_for_downstream: bool
    dag: Any
    params: MutableMapping[str, Any] | None
    default_args: dict[str, Any] | None
    priority_weight: int
    weight_rule: Any
    queue: str
    pool: str | None
    pool_slots: int
    sla: timedelta | None
    execution_timeout: timedelta | None
    on_execute_callback: Any
    on_failure_callback: Any
    on_success_callback: Any
    on_retry_callback: Any
    on_skipped_callback: Any
    pre_execute: Any
    post_execute: Any
    trigger_rule: str
    resources: dict[str, Any] | None
    run_as_user: str | None
    map_index_template: str | None
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    executor: str | None
    executor_config: dict[str, Any] | None
    do_xcom_push: bool
    multiple_outputs: bool
    inlets: Any
    outlets: Any
    task_group: Any
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None
    task_display_name: str | None
    logger_name: str | None
    allow_nested_operators: bool
    render_template_as_native_obj: bool | None


class ConnectedOptions(TaskOptions, total=False):
    """And any task of this provider."""

    ippanel_conn_id: str


class SendingOptions(ConnectedOptions, total=False):
    """What :class:`~ippanel_provider.operators.sending.SendingOperator` takes."""

    sender: str | None
    send_time: datetime | str | None
    quiet_hours: str | Mapping[str, str] | None
    in_quiet_hours: str
    on_unconfirmed: str | None
    on_clear: str
    settle: float | timedelta | str | None
    dry_run: bool | str
    wait_for_completion: bool | str
    fail_on: Iterable[BulkState | str] | None
    min_delivered: float | str | None
    deferrable: bool
    poke_interval: float | timedelta
    timeout: float | timedelta
    cancel_on_kill: bool
    show_rendered: bool


class CampaignOptions(SendingOptions, total=False):
    """What :class:`~ippanel_provider.operators.campaign.CampaignOperator` takes."""

    delivery: str
    ledger_conn_id: str | None
    campaign_id: str | None
    concurrency: int | str | None
    rate: float | str | None
    chunk_size: int | None
    suppress: Any
    rejects_path: Any
    rejects_with_numbers: bool
    check_credit: bool
    opt_out_suffix: bool | None
    allow_empty: bool | str
    memory: Memory | None
    checks: Checks | None
    results: Results | None
    only: IfStatus | None


class ConnectedArguments(ConnectedOptions, total=False):
    """What is left for a task of this provider."""

    task_id: Required[str]


class SendingArguments(SendingOptions, total=False):
    """What is left for a task that sends."""

    task_id: Required[str]


class UncountedArguments(CampaignOptions, total=False):
    """What is left for a task that sends to many and says itself whether it counts them first."""

    task_id: Required[str]


class CampaignArguments(UncountedArguments, total=False):
    """What is left for a task that sends to many."""

    first_pass: bool


class PhonebookSyncArguments(ConnectedArguments, total=False):
    """What is left for a task that syncs phonebooks."""

    dry_run: bool | str
    plan_path: Any
    plan_id: str | None
    report_path: Any
    asset: str | None


class SyncArguments(PhonebookSyncArguments, total=False):
    """What is left for a task that syncs patterns."""

    on_reject: str


class SensorOptions(TaskOptions, total=False):
    """What any sensor of Airflow takes, its interval apart."""

    task_id: Required[str]
    timeout: float | timedelta | None
    soft_fail: bool
    mode: str
    exponential_backoff: bool
    max_wait: timedelta | float | None
    silent_fail: bool
    never_fail: bool


class WaitingArguments(SensorOptions, total=False):
    """What is left for a sensor that has an interval of its own."""

    ippanel_conn_id: str
    deferrable: bool


class SensorArguments(WaitingArguments, total=False):
    """What is left for a sensor."""

    poke_interval: float | timedelta


class DecoratedOptions(CampaignOptions, total=False):
    """What the decorator of a function takes."""

    task_id: str
    first_pass: bool
    recipients: Sequence[str | int] | str | None
    op_args: Collection[Any] | None
    op_kwargs: Mapping[str, Any] | None
