"""The desk: where lists and reports become drafts, and where people review them."""
