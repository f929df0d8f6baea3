"""A certificate authority for one folder, and the certificate of a local server that it signs.

Clients trust only the authorities in their CA bundle: requests (used by dbt-databricks), azure-core
and azure-identity read the file that REQUESTS_CA_BUNDLE names.
"""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """The files: the authority alone, the bundle with others, the server's certificate with key."""

    authority: Path
    bundle: Path
    server: Path


def files_in(folder: Path) -> Certificates:
    """The certificates in a folder, whether or not they exist yet."""
    return Certificates(folder / "authority.pem", folder / "bundle.pem", folder / "server.pem")


def ensure(found: Certificates) -> Certificates:
    """The same certificates, created if missing. The authority's key is not kept."""
    if found.authority.exists() and found.server.exists():
        return found
    import trustme

    found.authority.parent.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    # If the authority's file exists, it is complete, and so is the server's certificate.
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
    """The bundle of `others` (by default certifi's authorities) and `found`; None without `found`.

    `others` may be a folder, which requests cannot combine with a file: then no bundle is written.
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
    """The TLS context of the server's connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    return context
