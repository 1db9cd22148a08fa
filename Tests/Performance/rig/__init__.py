"""What the commands share: processes that end with their command, compiled helpers, readings of memory and time."""
