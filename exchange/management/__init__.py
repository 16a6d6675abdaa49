"""What operators and the demo run."""
