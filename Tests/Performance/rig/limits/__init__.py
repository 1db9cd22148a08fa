"""The parts of the command `limits`."""
