"""What is handed to others: the archives, what they need at least, and how a release is made."""
