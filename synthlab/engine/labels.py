"""The labels on everything synthlab creates. They are its only state: no file can go stale."""

LAB = "synthlab.lab"
ROLE = "synthlab.role"  # client, router, sfu, turn, network (a companion), service (of a Compose project), or sidecar
CLIENT = "synthlab.client"
NETWORK_OF = "synthlab.network-of"  # the server whose network a companion holds, by its name in the stack
NETWORKS = "synthlab.networks"  # the networks that a companion conditions one by one, in their order, with commas
UPLINK = "synthlab.uplink"  # the router that a client or router is behind; a client's further ones follow, with commas
GROUP = "synthlab.group"  # the stack's key: `bot` of bot-1
APP = "synthlab.app"
INDEX = "synthlab.index"  # place among the lab's clients, from 1
STACK = "synthlab.stack"
VERSION = "synthlab.version"
CONTENT = "synthlab.content"  # on images: the hash of what it was built from
DIGEST = "synthlab.digest"  # hash of the stack at `up`, to detect later edits
MADE_BY = "synthlab.made-by"  # random id of the `up` that created it
LOCK = "synthlab.lock"  # on a lock's container: the lab that is locked
EXPIRES = "synthlab.expires"  # when the lab expires, in seconds since 1970
METRICS = "synthlab.metrics"  # URLs of metrics by the name of what publishes them, in JSON
OUTSIDE = "synthlab.outside"  # what people outside the lab use of a server: a page's address, or PUBLISHED_PORTS
PAUSED = "synthlab.paused"  # on a swarm's service: the id of its container that was paused
TUNNELS = "synthlab.tunnels"  # on a swarm: ports inside a client that its port for other machines leads to
PROBES = "synthlab.probes"  # what a container's prober measures: `web.http db.tcp`

COMPOSE_SERVICE = "com.docker.compose.service"  # Compose's own: the service of a container
COMPOSE_PROJECT = "com.docker.compose.project"  # Compose's own: the project of a container, network or volume

PUBLISHED_PORTS = "published ports"

ACCESS = "access"  # the role of the config with what opens the APIs of a lab on several machines
SIDECAR = "sidecar"  # the role of a helper container in another's network: removed with the lab, but never listed
