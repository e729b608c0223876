"""A group that lists its commands in the order in which a keeper needs them."""

import click


class OrderedGroup(click.Group):
    """Lists commands as they were written, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of the module."""
        return list(self.commands)
