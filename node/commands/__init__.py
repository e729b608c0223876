"""What a keeper can have this node do: one function a command, found by name in `table`."""
