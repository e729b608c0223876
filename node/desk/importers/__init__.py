"""Importers: an organisation's existing list becomes drafts, row by row, with every doubt shown."""
