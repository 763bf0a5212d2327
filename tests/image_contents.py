"""The hashes of what the bundled images are built from, by tag; run as a program, as JSON."""

from __future__ import annotations

import json

from synthlab.deploy.images import all_bundled, in_build_order, plan_images


def image_contents() -> dict[str, str]:
    planned = plan_images(in_build_order(all_bundled()), lambda tag: None)
    return {one.image.tag: one.content for one in planned}


if __name__ == "__main__":
    print(json.dumps(image_contents()))
