"""Whether tasks leave anything personal or secret behind: ``python -m tests.leaks.run``."""
