"""Waiting on the triggerer instead of a worker."""

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")
