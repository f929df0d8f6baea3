"""A certificate authority of one folder alone, and from it the certificate of a local server.

Clients trust it where they look for authorities: requests, and so dbt-databricks, azure-core and
azure-identity, in the file that REQUESTS_CA_BUNDLE names, and nowhere else.
"""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """The files: the authority alone, it with others, the server's certificate with its key."""

    authority: Path
    bundle: Path
    server: Path


def files_in(folder: Path) -> Certificates:
    """The certificates that a folder holds, or will hold."""
    return Certificates(folder / "authority.pem", folder / "bundle.pem", folder / "server.pem")


def ensure(found: Certificates) -> Certificates:
    """The same, made where they are missing; the authority's key is not kept."""
    if found.authority.exists() and found.server.exists():
        return found
    import trustme

    found.authority.parent.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    # Whoever finds the authority finds it whole, and the server's certificate with it.
    _put(found.server, issued.private_key_and_cert_chain_pem.bytes())
    _put(found.authority, authority.cert_pem.bytes())
    return found


def _put(file: Path, content: bytes) -> None:
    staged = file.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
    staged.replace(file)


def trusting(found: Certificates, others: str | None) -> Path | None:
    """The bundle of `others` (by default certifi's authorities) and `found`; None without one.

    `others` may be a folder, which requests cannot join with a file: then nothing is made.
    """
    base = Path(others) if others else None
    if not found.authority.exists() or base == found.bundle:
        return None
    if base is None:
        import certifi

        base = Path(certifi.where())
    if not base.is_file():
        return None
    content = base.read_bytes() + b"\n" + found.authority.read_bytes()
    if not found.bundle.exists() or found.bundle.read_bytes() != content:
        _put(found.bundle, content)
    return found.bundle


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """What the server's connections are wrapped in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    return context
