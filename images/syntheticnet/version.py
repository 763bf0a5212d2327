"""The version that image and command line compare."""

VERSION = "0.2.0"
