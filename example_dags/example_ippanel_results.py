"""From a table to a table: a text to every customer who is due, what became of each by the customer's own id, and what
a delivered text costs.

Needs three connections: ``ippanel_default`` (type IPPanel), ``warehouse`` (PostgreSQL, MariaDB or SQLite, with a table
``due``: ``customer_id, name, mobile``) and ``ledger`` (any SQL database, where it is kept who was reached).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseHook, task

from ippanel_provider.operators.results import IPPanelResultsOperator
from ippanel_provider.options import IfStatus, Results
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

# --8<-- [start:queries]
# Of a row that was merged into another one, the other's fate counts; its text was paid for once.
BY_OPERATOR_AND_HOUR = """
SELECT operator,
       SUBSTR(CAST(accepted_at AS CHAR(19)), 1, 13) AS hour,
       COUNT(*) AS texts,
       SUM(CASE WHEN status = 'delivered' THEN 1 ELSE 0 END) AS delivered,
       ROUND(100.0 * SUM(CASE WHEN status = 'delivered' THEN 1 ELSE 0 END) / COUNT(*), 1) AS percent
FROM sms_results
WHERE campaign = '{campaign}' AND status IN ('accepted', 'delivered', 'not_delivered', 'blacklisted', 'no_report')
GROUP BY operator, SUBSTR(CAST(accepted_at AS CHAR(19)), 1, 13)
ORDER BY operator, hour
"""
COST_OF_A_DELIVERED_TEXT = """
SELECT r.cost, COUNT(*) AS delivered, ROUND(r.cost / COUNT(*)) AS rial_each
FROM sms_results_runs r JOIN sms_results s ON s.campaign = r.campaign AND s.run = r.run AND s.status = 'delivered'
WHERE r.campaign = '{campaign}'
GROUP BY r.cost
"""
# --8<-- [end:queries]


@task
def ask(query: str) -> list[list[Any]]:
    """Ask the warehouse."""
    return [list(row) for row in BaseHook.get_connection("warehouse").get_hook().get_records(query)]


with DAG(
    dag_id="example_ippanel_results",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md=__doc__,
    tags=["example", "ippanel"],
):
    # --8<-- [start:howto_operator_results]
    results = Results("sms_results", conn_id="warehouse", key_column="customer_id")
    send = SqlToIPPanelOperator(
        task_id="send",
        sql="SELECT customer_id, name, mobile FROM due ORDER BY 1",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="{{ row.name or 'مشتری' }} عزیز، قسط این ماه شما رسیده است. فروشگاه آبان",
        ledger_conn_id="ledger",
        campaign_id="dues-{{ ds_nodash }}",
        results=results,
    )
    follow = IPPanelResultsOperator(
        task_id="follow",
        results=results,
        campaign_id="dues-{{ ds_nodash }}",
        timeout=timedelta(hours=48),
        deferrable=True,
    )
    # --8<-- [end:howto_operator_results]
    # --8<-- [start:howto_only]
    again = SqlToIPPanelOperator(
        task_id="again",
        sql="SELECT customer_id, name, mobile FROM due ORDER BY 1",
        sql_conn_id="warehouse",
        recipient_column="mobile",
        row_message="یادآوری: {{ row.name or 'مشتری' }} عزیز، قسط این ماه شما رسیده است. فروشگاه آبان",
        ledger_conn_id="ledger",
        campaign_id="dues-{{ ds_nodash }}-again",
        only=IfStatus(results, "not_delivered", "no_report", campaign_id="dues-{{ ds_nodash }}"),
        results=results,
        allow_empty=True,
    )
    # --8<-- [end:howto_only]
    hours = ask.override(task_id="by_operator_and_hour")(BY_OPERATOR_AND_HOUR.format(campaign="dues-{{ ds_nodash }}"))
    cost = ask.override(task_id="cost_of_a_delivered_text")(
        COST_OF_A_DELIVERED_TEXT.format(campaign="dues-{{ ds_nodash }}")
    )
    send >> follow >> [again, hours, cost]
