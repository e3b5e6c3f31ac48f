"""Use cases of reporting: reports now, later, and every week."""
