"""Telling people by text what happened to a DAG."""

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")
