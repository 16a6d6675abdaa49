"""Watching the installation: health, metrics, what a request leaves in the log, and kind pages when parts are away."""
