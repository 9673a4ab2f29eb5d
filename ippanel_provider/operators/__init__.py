"""What a DAG does with texts: send them, report on them."""
