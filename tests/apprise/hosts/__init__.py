"""Tools of others that notify through Apprise, run as they are: what they report, and what the record says."""
