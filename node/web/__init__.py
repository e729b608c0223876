"""The pages: what members, staff and keepers see in a browser, served by the node itself."""
