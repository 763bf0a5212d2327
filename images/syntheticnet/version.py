"""The version that image and command line compare."""

VERSION = "0.1.0"
