"""The page of what DAG authors can use is made from the code, and is up to date."""

from __future__ import annotations

from docs import generate_airflow_page


def test_the_page_says_what_the_code_says() -> None:
    assert generate_airflow_page.PAGE.read_text(encoding="utf-8") == generate_airflow_page.page()
