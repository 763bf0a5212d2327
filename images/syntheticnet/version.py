"""The version, which the command line compares with that of the image."""

VERSION = "0.2.0"
