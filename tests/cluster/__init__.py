"""A campaign on a real cluster: PostgreSQL, Redis, Celery workers and the service, each of which is killed midway."""
