"""What was said, for ever: envelopes, sealed parts and leaves; append only."""
