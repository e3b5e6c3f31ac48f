"""Use cases of performance: infractions, scores, rankings, days."""
