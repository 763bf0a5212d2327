"""What `synthlab doctor` says about Docker."""

from .advice import Advice

DOCKER = Advice(
    name="Docker",
    oldest=(20, 10),
    address_variable="DOCKER_HOST",
    use_local="`docker context use default`, `unset DOCKER_HOST`",
    start="start it: Docker Desktop, or `sudo systemctl start docker`",
    get_permission="`sudo usermod -aG docker $USER`, then log in again (or use sudo)",
    install_compose="install Docker Compose v2 (package docker-compose-plugin of Docker, docker-compose of Debian 13)",
    install_buildx="install buildx (package docker-buildx-plugin of Docker, docker-buildx of Debian 13)",
    free_space="free some space (`docker system prune` removes unused data)",
)
