"""The labels that synthlab puts on what it makes. They are the only state there is: no file can go stale."""

LAB = "synthlab.lab"
ROLE = "synthlab.role"  # client, sfu, network (a companion), service (another server), or sidecar
CLIENT = "synthlab.client"
NETWORK_OF = "synthlab.network-of"  # the server whose network a companion holds, by the name that people use
GROUP = "synthlab.group"  # the stack's key: `bot` of bot-1
APP = "synthlab.app"
INDEX = "synthlab.index"  # place among the lab's clients, from 1
STACK = "synthlab.stack"
VERSION = "synthlab.version"
CONTENT = "synthlab.content"  # on images: the hash of what it was built from
DIGEST = "synthlab.digest"  # of the stack that the lab was made of, to see whether it was edited since
MADE_BY = "synthlab.made-by"  # the one `up` that made it: a drawn id
LOCK = "synthlab.lock"  # on a container that is a lock: the lab that it is of
EXPIRES = "synthlab.expires"  # when a lab with a bounded life ends, in seconds of the epoch
METRICS = "synthlab.metrics"  # where the media server tells its own numbers

SIDECAR = "sidecar"  # the role of a container that works for us in another's network for a while: no member of the lab
