"""Signing in at the utility's identity provider: OpenID Connect, by authorization code with PKCE.

The provider names somebody by a claim, which has to be the login of a present colleague: no account is made by it.
It may send somebody back who signed in there long ago. So it is asked when that was, and a session that it begins is
for grave acts as old as that.
"""

import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import compare_digest, token_urlsafe
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.context import AppContext, OidcSettings
from service.errors import InvalidCredentials, ProviderUnavailable

from .authentication import MINUTE_MS
from .external_sign_in import fetch_json, start_external_session
from .new_session import NewSession
from .person_state import SESSION_MAX_AGE_MS
from .sign_in_origin import SignInOrigin

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
CALLBACK = "/sign-in/oidc/callback"
KEPT_SECONDS, LEEWAY_SECONDS = 3600.0, 120
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face", "iris", "sc", "sms", "tel", "pop"})
"""Methods (`amr`, RFC 8176) by which a provider says that a password was not all."""


class Pending(msgspec.Struct, frozen=True):
    """What has to come back, and where the person wanted to go."""

    state: str
    nonce: str
    verifier: str
    back: str


class _Provider(NamedTuple):
    """What a provider publishes about itself."""

    metadata: dict[str, Any]
    keys: KeySet
    read_at: float


_known: dict[str, _Provider] = {}


async def begin(ctx: AppContext, back: str, *, again: bool = False) -> tuple[str, Pending]:
    """The address at the provider to which the browser goes. `again`: it shall ask who they are in any case.
    ProviderUnavailable."""
    settings = _settings(ctx)
    provider = await _provider(settings)
    pending = Pending(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), back)
    challenge = urlsafe_b64encode(sha256(pending.verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": settings.client,
        "redirect_uri": ctx.company.url + CALLBACK,
        "scope": settings.scope,
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        # with `max_age` it has to say in `auth_time` when they signed in there (OpenID Connect Core, 3.1.2.1)
        **({"prompt": "login", "max_age": "0"} if again else {"max_age": str(SESSION_MAX_AGE_MS // 1000)}),
    }
    address = str(provider.metadata["authorization_endpoint"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}", pending


async def finish(
    ctx: AppContext, origin: SignInOrigin, pending: Pending, *, code: str, state: str, issuer: str
) -> NewSession:
    """A new session of the person whom the provider names. InvalidCredentials, TotpRequired, ProviderUnavailable."""
    settings = _settings(ctx)
    if not compare_digest(state.encode(), pending.state.encode()) or not code or issuer not in ("", settings.issuer):
        raise InvalidCredentials
    provider = await _provider(settings)
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": ctx.company.url + CALLBACK,
        "code_verifier": pending.verifier,
        **({} if settings.secret else {"client_id": settings.client}),
    }
    auth = (settings.client, settings.secret) if settings.secret else None
    answer = await fetch_json("POST", str(provider.metadata["token_endpoint"]), form=given, auth=auth)
    claims = await _claims(ctx, settings, str(answer.get("id_token", "")), pending.nonce)
    methods = claims.get("amr")
    said = {str(method) for method in cast("list[object]", methods)} if isinstance(methods, list) else set[str]()
    second = settings.factor == "always" or (settings.factor == "amr" and not SECOND_FACTORS.isdisjoint(said))
    login = str(claims.get(settings.claim) or "")
    return await start_external_session(ctx, origin, login, has_second_factor=second, at=_proved_at(ctx, claims))


def _proved_at(ctx: AppContext, claims: dict[str, Any]) -> int:
    """When the person proved who they are (ms UTC), as the session will have it: at the provider, but no longer ago
    than is enough for grave acts to ask again. So it is too where the provider does not say when."""
    now, at = ctx.clock(), claims.get("auth_time")
    oldest = now - min(ctx.sign_in.proof_minutes * MINUTE_MS, SESSION_MAX_AGE_MS // 2)
    return max(oldest, min(now, at * 1000)) if isinstance(at, int) else oldest


async def _claims(ctx: AppContext, settings: OidcSettings, token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token (OpenID Connect Core, 3.1.3.7). InvalidCredentials."""
    provider = await _provider(settings)
    try:
        try:
            claims = jwt.decode(token, provider.keys, algorithms=ALGORITHMS).claims
        except JoseError:  # the provider may have new keys
            provider = await _provider(settings, again=True)
            claims = jwt.decode(token, provider.keys, algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=ctx.clock() // 1000,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError, KeyError):
        raise InvalidCredentials from None
    audience = claims["aud"]
    if isinstance(audience, list) and claims.get("azp", settings.client) != settings.client:
        raise InvalidCredentials
    return claims


async def _provider(settings: OidcSettings, *, again: bool = False) -> _Provider:
    """What the provider publishes, kept for an hour."""
    known = _known.get(settings.issuer)
    if known is not None and not again and time.monotonic() - known.read_at < KEPT_SECONDS:
        return known
    metadata = await fetch_json("GET", settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
    needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if metadata.get("issuer") != settings.issuer or not all(isinstance(metadata.get(name), str) for name in needed):
        raise ProviderUnavailable(
            "统一登录的说明不对或不全 / the provider describes itself as another one, or not wholly"
        )
    try:
        keys = KeySet.import_key_set(await fetch_json("GET", metadata["jwks_uri"]))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError):
        raise ProviderUnavailable("统一登录的密钥读不出来 / the keys of the provider cannot be read") from None
    _known[settings.issuer] = provider = _Provider(metadata, keys, time.monotonic())
    return provider


def _settings(ctx: AppContext) -> OidcSettings:
    if ctx.sign_in.oidc is None:
        raise InvalidCredentials
    return ctx.sign_in.oidc
