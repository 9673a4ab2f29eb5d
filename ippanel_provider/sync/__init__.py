"""Plan and apply: patterns and phonebooks as code. Say what would change, change exactly that, report every row."""
