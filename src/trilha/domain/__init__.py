"""What is true: pure decisions of the business. No input or output, no clock, no randomness."""
