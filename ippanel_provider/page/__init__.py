"""Browse › Texts: every campaign at a glance in Airflow's interface (3.1 and newer), and a button for each doubt."""
