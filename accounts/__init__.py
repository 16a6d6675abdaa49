"""Who: people, where they live, when they are free, whom they do not wish to meet."""
