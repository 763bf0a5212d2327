"""A participant of a Janus video room."""
