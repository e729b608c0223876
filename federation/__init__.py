"""Who gets what: policy, release, ledger, sync, peers, and the thin client and endpoint."""
