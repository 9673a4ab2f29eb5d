"""Text messages in Iran through IPPanel: an Airflow provider, an Apprise plugin, a typed client and a sandbox.

Beside the rooms lie modules that are looked for by their name, or belong to no one room:

- under everything: ``service``; ``extras`` (says what an installation lacks); ``inbox`` (the filter of sensors and
  triggers)
- of Airflow: ``provider_info`` and ``airflow_plugin`` (entry points), ``exceptions``, ``links``, ``retry``,
  ``metrics``, and ``lineage`` of the transfers
- of Apprise: ``apprise_url`` (needs no Apprise), ``apprise_hook`` (imports nothing: every Python start may run it),
  ``apprise_install`` (the command ``ippanel apprise``)
"""

__version__ = "0.1.0"
