"""Text messages in Iran through IPPanel: an Airflow provider, an Apprise plugin, a typed client and a sandbox."""

__version__ = "0.1.0"
