"""Plain Python without Django's models: Arabic, texts, refusals."""
