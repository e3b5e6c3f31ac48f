"""What the system does: one use case a module, on ports alone."""
