"""Safe first words: local rules that mask contact data and name the patterns of scams and grooming.

No outside service, no model, nothing stored: text in, findings out. Each rule has its reason, and the patterns stand in
one file per language (`ar.toml`, `en.toml`), so that a curator can read them.
"""

from exchange.chat.screening.judging import Finding, Screened, make_ready, screen

__all__ = ["Finding", "Screened", "make_ready", "screen"]
