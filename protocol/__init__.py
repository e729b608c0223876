"""What the bytes mean: codec, vocabulary, fields, commitments, entries, merge and messages."""
