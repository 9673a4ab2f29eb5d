"""What a DAG does with texts: send them, report on them."""

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")
