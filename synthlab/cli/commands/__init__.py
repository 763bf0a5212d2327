"""The commands of the CLI: each reads its flags, has a noun do the work, and shows the outcome."""
