"""From other systems' rows to texts."""

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")
