"""One organisation's node: its store, its pipeline from report to delivery, its jobs."""
