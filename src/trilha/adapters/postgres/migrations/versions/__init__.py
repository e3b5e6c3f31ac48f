"""One module a step; a published one never changes."""
