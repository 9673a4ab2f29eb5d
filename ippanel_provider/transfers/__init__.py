"""From other systems' rows to texts."""
