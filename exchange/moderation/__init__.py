"""Curation: who lets which listing through, why, and how to take it back."""
