"""Every act with money: told by Stripe (inbox, books), asked of it (errands), by people (fees, fund, mentors)."""
