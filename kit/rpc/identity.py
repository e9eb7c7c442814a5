"""Identity of callers: tokens signed with a service's Ed25519 key and verified with the public key."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from uuid import UUID

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kit.errors import InvalidToken
from kit.rpc.ended import EndedSessions
from kit.settings import InvalidSetting

ALGORITHM = "EdDSA"
AUDIENCE = "minois"
USER_ISSUER = "auth"  # the only issuer of user tokens
SERVICE_TOKEN_S = 60
LEEWAY_S = 5
MAX_VERIFIED = 10_000  # tokens whose signature is not verified again

PUBLIC = "public"
USER = "user"

Method = TypeVar("Method", bound=Callable[..., Any])


def service(name: str) -> str:
    """The caller kind of a service."""
    return f"service:{name}"


def delegate(name: str) -> str:
    """The caller kind of a user token that a service issued; valid only for rpcs that allow this kind."""
    return f"delegate:{name}"


@dataclass(frozen=True)
class Caller:
    """`kind` is PUBLIC, USER, `service:<name>` or `delegate:<name>`; a USER and a delegate have a `user_id`, and a
    `session_id` unless a previous version issued the token."""

    kind: str = PUBLIC
    id: UUID | None = None
    expires_at: float = field(default=math.inf, compare=False)  # epoch seconds, of the token
    session_id: UUID | None = field(default=None, compare=False)

    @property
    def user_id(self) -> UUID:
        if self.id is None:
            raise InvalidToken
        return self.id


@dataclass(frozen=True)
class Access:
    """Which callers an rpc allows, and its thread pool: unary, long-running (streams, long polls), or watching (for
    days, in a thread reserved for watchers)."""

    kinds: frozenset[str]
    long: bool
    watches: bool = False


def callable_by(*kinds: str, long: bool = False, watches: bool = False) -> Callable[[Method], Method]:
    """Declares which callers an rpc allows; a server does not start if an rpc lacks it."""

    def declare(method: Method) -> Method:
        method.__dict__["access"] = Access(frozenset(kinds), long, watches)
        return method

    return declare


_network: ContextVar[str] = ContextVar("network", default="")
enter_network = _network.set
current_network = _network.get

_caller: ContextVar[Caller] = ContextVar("caller", default=Caller())
enter_caller = _caller.set
current_caller = _caller.get


class Signer:
    """Signs tokens with the key of one service; the key's id is the service's name."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.name = name
        self._key = private_key

    @classmethod
    def read(cls, name: str, path: Path) -> "Signer":
        """Raises InvalidSetting for a file without such a key."""
        with suppress(OSError, TypeError, ValueError, UnsupportedAlgorithm):
            key = load_pem_private_key(path.read_bytes(), None)
            if isinstance(key, Ed25519PrivateKey):
                return cls(name, key)
        raise InvalidSetting(f"SIGNING_KEY: {path} contains no private Ed25519 key (PEM)")

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def sign(
        self, subject: str, ttl_s: int, session_id: UUID | None = None, audience: str | list[str] = AUDIENCE
    ) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"sub": subject, "aud": audience, "iat": now, "exp": now + ttl_s}
        if session_id:
            claims["sid"] = str(session_id)
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.name})

    def sign_service(self, callee: str = "") -> str:
        """A token for calls to one service, accepted only there. Without a callee every service accepts it, as in the
        previous version; AUDIENCE is included for callees of that version."""
        audience = [AUDIENCE, callee] if callee else AUDIENCE
        return self.sign(service(self.name), SERVICE_TOKEN_S, audience=audience)

    def derive_key(self, purpose: str) -> bytes:
        """A secret of 32 bytes derived from this key, different for each purpose."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._key.private_bytes_raw())

    def sign_delegate(self, user_id: UUID, ttl_s: int, session_id: UUID | None = None) -> str:
        return self.sign(f"{delegate(self.name)}:{user_id}", ttl_s, session_id)


class VerifiedTokens:
    """The callers of tokens whose signature was verified, in memory, by the hash of the token: verifying one is a
    large part of what a rejected request costs. Nothing is returned after the token has expired; the oldest are
    dropped. Thread-safe."""

    def __init__(self, most: int = MAX_VERIFIED) -> None:
        self._most = most
        self._callers: OrderedDict[bytes, Caller] = OrderedDict()
        self._lock = Lock()

    def find(self, token: str) -> Caller | None:
        caller = self._callers.get(_hash(token))
        return caller if caller and caller.expires_at > time.time() - LEEWAY_S else None

    def add(self, token: str, caller: Caller) -> None:
        with self._lock:
            self._callers[_hash(token)] = caller
            while len(self._callers) > self._most:
                self._callers.popitem(last=False)

    def __len__(self) -> int:
        return len(self._callers)


def _hash(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()


class Verifier:
    """Verifies tokens with the trusted keys; an issuer whose key is being rotated has several.

    `name`: the verifying service, to which service tokens must be addressed; empty: it accepts none. `ended`: sessions
    whose tokens are rejected, kept up to date by the process."""

    def __init__(self, keys: Mapping[str, Sequence[Ed25519PublicKey]], name: str = "") -> None:
        self._keys = {name: list(of_owner) for name, of_owner in keys.items()}
        self._name = name
        self.ended = EndedSessions()
        self._verified = VerifiedTokens()

    @classmethod
    def read(cls, folder: Path, name: str = "") -> "Verifier":
        """The keys of `NAME.pub.pem` and `NAME.*.pub.pem` in a folder, such as `auth.next.pub.pem`. Raises
        InvalidSetting."""
        keys: dict[str, list[Ed25519PublicKey]] = {}
        for path in sorted(folder.glob("*.pub.pem")):
            keys.setdefault(path.name.partition(".")[0], []).append(_read_public_key(path))
        if USER_ISSUER not in keys:
            raise InvalidSetting(f"MINOIS_KEYS: {folder} contains no {USER_ISSUER}.pub.pem")
        return cls(keys, name)

    def require_match(self, signer: Signer) -> None:
        """Raises InvalidSetting if the signer's public key is not trusted, since no service would accept its tokens."""
        known = self._keys.get(signer.name)
        if known is not None and signer.public_key not in known:
            raise InvalidSetting(f"SIGNING_KEY: it is not the private half of {signer.name}.pub.pem in MINOIS_KEYS")

    def trust(self, signer: Signer) -> None:
        """Trusts the signer's own key, whose public half need not be in the folder."""
        self._keys.setdefault(signer.name, []).append(signer.public_key)

    def verify(self, token: str) -> Caller:
        """Raises InvalidToken, also for a token whose session has ended, which is checked each time."""
        caller = self._verified.find(token)
        if caller is None:
            caller = self._read(token)
            if caller.id is not None:  # services sign a token for each call
                self._verified.add(token, caller)
        if self.ended.covers(caller.id, caller.session_id):
            raise InvalidToken
        return caller

    def _read(self, token: str) -> Caller:
        try:
            issuer = jwt.get_unverified_header(token).get("kid")
            claims = self._decode(token, str(issuer))
            subject = claims["sub"]
            kind, _, user_id = subject.rpartition(":")
            if kind == delegate(str(issuer)):
                return Caller(kind, UUID(user_id), claims["exp"], _session_of(claims))
            if issuer == USER_ISSUER and not subject.startswith("service:"):
                return Caller(USER, UUID(subject), claims["exp"], _session_of(claims))
        except (jwt.PyJWTError, KeyError, ValueError):
            raise InvalidToken from None
        if subject != service(str(issuer)) or not self._is_addressed(claims["aud"]):
            raise InvalidToken
        return Caller(subject, expires_at=claims["exp"])

    def _is_addressed(self, audience: str | list[str]) -> bool:
        """Whether a service token is for this service. Tokens of the previous version name no callee and are accepted,
        since a callee is often upgraded before its callers; a token that names its callee cannot be turned into
        one."""
        return audience == AUDIENCE or (bool(self._name) and self._name in audience)

    def _decode(self, token: str, issuer: str) -> dict[str, Any]:
        """The claims, verified with one of the issuer's keys. Raises PyJWTError and KeyError."""
        for key in self._keys[issuer]:
            with suppress(jwt.InvalidSignatureError):
                return jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=AUDIENCE,
                    leeway=LEEWAY_S,
                    options={"require": ["sub", "aud", "exp"]},
                )
        raise jwt.InvalidSignatureError


def _session_of(claims: Mapping[str, Any]) -> UUID | None:
    """None for a token of a previous version. Raises ValueError."""
    return UUID(str(claims["sid"])) if "sid" in claims else None


def _read_public_key(path: Path) -> Ed25519PublicKey:
    with suppress(OSError, ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(path.read_bytes())
        if isinstance(key, Ed25519PublicKey):
            return key
    raise InvalidSetting(f"MINOIS_KEYS: {path} contains no public Ed25519 key (PEM)")


def create_key_pair(folder: Path, name: str) -> None:
    """Writes `NAME.key.pem` (0600) and `NAME.pub.pem`; leaves an existing pair alone."""
    private, public = folder / f"{name}.key.pem", folder / f"{name}.pub.pem"
    if private.exists() and public.exists():
        return
    key = Ed25519PrivateKey.generate()
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
