"""The commands of the CLI. Each parses its flags, calls the library, and prints the result."""
