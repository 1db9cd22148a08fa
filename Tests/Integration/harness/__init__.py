"""What the integration tests share: real processes, a scripted origin, and a client that speaks raw bytes."""
