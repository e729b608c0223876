"""Who speaks: org documents, cards, envelopes, safety codes, invites and the keystore."""
