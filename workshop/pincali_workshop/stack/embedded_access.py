"""How a home's embedded server is reached: what must be remembered of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pincali_sync.files import write_private
from pincali_workshop.stack import embedded_roles


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """What must be remembered of a server; readable by its owner only."""

    port: int
    # Anybody on this machine can reach the port: without a password they could read and write.
    password: str
    administrator_password: str = ""  # none: of an earlier version, whose one role did everything

    def url(self) -> str:
        """As the program's plain role."""
        return self.url_of(embedded_roles.ROLE, self.password)

    def administrator_url(self, database: str = "postgres") -> str:
        """As whom everything may be done."""
        return self.url_of(embedded_roles.ADMINISTRATOR, self.administrator_password, database)

    def url_of(self, user: str, password: str, database: str = embedded_roles.DATABASE) -> str:
        """As any role."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    @staticmethod
    def path(home: Path) -> Path:
        """The file that remembers it."""
        return home / "postgres.json"

    @classmethod
    def load(cls, home: Path) -> ServerAccess | None:
        """None where there is none, or nothing that can be read."""
        try:
            return cls(**json.loads(cls.path(home).read_text()))
        except (FileNotFoundError, ValueError, TypeError):  # no file, no JSON, not these fields
            return None

    def save(self, home: Path) -> None:
        """Remembers it from now on."""
        write_private(self.path(home), json.dumps(asdict(self)))
