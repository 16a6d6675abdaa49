"""How often one person or address may ask: one counter for every process, in Redis or in the database."""
