"""What: concepts, their names in two languages, and the listings of residents."""
