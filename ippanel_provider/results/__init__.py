"""The fate of every row of a campaign by the author's own key, in a table of theirs."""
