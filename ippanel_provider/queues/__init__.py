"""What Airflow's ``MessageQueueTrigger`` can watch."""
