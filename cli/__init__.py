"""The keeper's commands."""
