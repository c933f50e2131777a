"""Accounts over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import FormData

from convene.api import idempotency
from convene.api.answers import answer
from convene.api.bodies import FORM_KINDS, media_type, read_json, receiving
from convene.api.declared import SIGNED_IN, problems
from convene.api.dependencies import Held, Me, ReadWork, Services, signed_in
from convene.api.fields import WITHOUT_NUL
from convene.api.planned import feature_router
from convene.api.refresh_cookie import GRACE, FromPage, KeptToken, Refresh, drop, keep
from convene.api.representation import person_json, session_json, tokens_json, user_json
from convene.api.responses import Person, Registration, Session, TokenAnswer, User
from convene.api.schemas import Login, PasswordChange, ProfileUpdate, Register
from convene.domain.errors import BadToken, Fault, Invalid
from convene.operations import accounts, sessions
from convene.operations.idempotency import Attempt
from convene.operations.identity import SignedIn
from convene.operations.tokens import TokenPair
from convene.storage.accounts import UserRow
from convene.storage.unit_of_work import UnitOfWork

router = feature_router("accounts", "/api/v1")

_LOGIN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Login"}},
            "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Login"}},
        },
    }
}


async def _login(request: Request) -> Login:
    """Read the credentials: JSON, or the form of the OAuth2 password flow."""
    with receiving:
        sent: object
        if media_type(request.headers.get("content-type", "")) in FORM_KINDS:
            sent = _login_form(await request.form(max_files=0))
        else:
            body = await request.body()
            sent = read_json(body) if body else None
    try:
        return Login.model_validate(sent)
    except ValidationError as error:
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from error


def _login_form(form: FormData) -> dict[str, object]:
    """Read what we know of the password flow (RFC 6749, 4.3.2), which sends grant_type, scope and client_id too."""
    known = {key: form.getlist(key) for key in ("username", "email", "password") if key in form}
    twice = [Fault(f"/{key}", "is there twice") for key, values in known.items() if len(values) > 1]
    if twice:
        raise Invalid(*twice)
    return {key: values[0] for key, values in known.items()}


async def _limited_registration(request: Request, held: Held) -> None:
    await held.rates.of_registration(request.scope)


async def _limited_sign_in(request: Request, held: Held) -> None:
    await held.rates.of_sign_in(request.scope)


async def _limited(request: Request, held: Held) -> None:
    held.rates.of_address(request.scope)


async def _open_registration(held: Held) -> None:
    accounts.refuse_closed(held.registration)


LIMITED_SIGN_IN, LIMITED_REGISTRATION, LIMITED = map(Depends, (_limited_sign_in, _limited_registration, _limited))
OPEN_REGISTRATION = Depends(_open_registration)
Credentials = Annotated[Login, Depends(_login)]


async def _public_attempt(request: Request, held: Held) -> AsyncIterator[Attempt | None]:
    async with held.attempts.of(request, None) as attempt:
        await _look_for_answer(held, attempt)
        yield attempt


async def _own_attempt(request: Request, held: Held, me: Me) -> AsyncIterator[Attempt | None]:
    async with held.attempts.of(request, me.user_id) as attempt:
        await _look_for_answer(held, attempt)
        yield attempt


async def _look_for_answer(held: Services, attempt: Attempt | None) -> None:
    """Look in a transaction of its own: what follows hashes a password first, outside of every transaction."""
    if attempt is not None:
        async with held.units.reading() as work:
            await idempotency.replay(work, attempt)


PublicAttempt = Annotated[Attempt | None, Depends(_public_attempt, scope="function")]
OwnAttempt = Annotated[Attempt | None, Depends(_own_attempt, scope="function")]


@router.post(
    "/auth/register",
    status_code=201,
    response_model=User,
    responses=problems(403, 409, body=True),
    dependencies=[LIMITED_REGISTRATION, OPEN_REGISTRATION],
)
async def register(held: Held, body: Register, attempt: PublicAttempt) -> Response:
    """Make an account. Usernames and e-mail addresses are unique without regard to case."""

    async def keep(work: UnitOfWork, user: UserRow) -> None:
        await idempotency.keep(work, attempt, answer(user_json(user), status=201), user.id)

    user = await accounts.register(held.units, held.passwords, body.registration(), keep)
    return answer(user_json(user), status=201)


@router.get("/auth/registration", response_model=Registration, responses=problems(), dependencies=[LIMITED])
async def read_registration(held: Held) -> Response:
    """Tell whether people can make accounts by themselves."""
    return answer({"registration": held.registration})


@router.post(
    "/auth/login",
    response_model=TokenAnswer,
    responses=problems(401, body=True),
    openapi_extra=_LOGIN_BODY,
    dependencies=[LIMITED_SIGN_IN],
)
async def log_in(held: Held, from_page: FromPage, login: Credentials, request: Request) -> Response:
    """Begin a session, with JSON or the form of the OAuth2 password flow."""
    agent = request.headers.get("user-agent", "")
    credentials = login.credentials()
    whose = await sessions.whose_password(held.units, credentials[0])
    async with held.rates.guessing(request.scope, whose):
        pair = await sessions.log_in(held.units, held.passwords, held.tokens, credentials, user_agent=agent)
    return _signed_in(held, request, pair, from_page=from_page)


@router.post("/auth/refresh", response_model=TokenAnswer, responses=problems(401, body=True), dependencies=[LIMITED])
async def refresh(
    held: Held, from_page: FromPage, request: Request, kept: KeptToken = None, body: Refresh | None = None
) -> Response:
    """Get new tokens for a refresh token, which is used up; using it again ends the session."""
    sent = body.refresh_token if body else None
    if sent is None and not from_page:
        raise Invalid.at("/refresh_token" if body else "", "is required")
    token, grace = (sent, None) if sent is not None else (kept, GRACE)
    if token is None:
        raise BadToken("missing")
    pair = await sessions.refresh(held.units, held.tokens, held.identities, token, grace=grace)
    return _signed_in(held, request, pair, from_page=from_page)


def _signed_in(held: Services, request: Request, pair: TokenPair, *, from_page: bool) -> Response:
    body = tokens_json(pair)
    if from_page:
        del body["refresh_token"]
    response = answer(body, headers={"Cache-Control": "no-store"})
    if from_page:
        keep(request, response, pair.refresh_token, held.tokens.refresh_life)
    return response


async def _leaving(request: Request, from_page: FromPage) -> SignedIn | None:
    """Who signs out: nobody, where it is the page, whose access token may have expired and whose cookie is enough."""
    try:
        return await signed_in(request)
    except BadToken:
        if not from_page:
            raise
        return None


@router.post(
    "/auth/logout",
    status_code=204,
    responses=problems(*SIGNED_IN),
    openapi_extra={"security": [{signed_in.scheme_name: []}, {}]},
)
async def log_out(
    held: Held,
    me: Annotated[SignedIn | None, Depends(_leaving)],
    from_page: FromPage,
    request: Request,
    kept: KeptToken = None,
) -> Response:
    """End this session: its tokens die, here at once and on other processes within five seconds.

    The page needs no access token for it, and its cookie is thrown away in any case.
    """
    response = Response(status_code=204)
    if from_page:
        drop(request, response)
    await sessions.log_out(held.units, held.tokens, held.identities, me, kept if from_page else None)
    return response


@router.get("/auth/me", response_model=User, responses=problems(*SIGNED_IN))
async def read_me(me: Me, work: ReadWork) -> Response:
    """Read one's own account."""
    return answer(user_json(await accounts.my_profile(work, me)))


@router.patch("/auth/me", response_model=User, responses=problems(*SIGNED_IN, 409, body=True))
async def change_me(held: Held, me: Me, body: ProfileUpdate) -> Response:
    """Change one's own account: the fields that are sent."""
    return answer(user_json(await accounts.change_profile(held.units, held.identities, me, body.change())))


@router.post("/auth/password", status_code=204, responses=problems(*SIGNED_IN, body=True))
async def change_password(held: Held, me: Me, body: PasswordChange, attempt: OwnAttempt, request: Request) -> Response:
    """Set a new password; every other session ends."""

    async def keep(work: UnitOfWork, _: UserRow) -> None:
        await idempotency.keep(work, attempt, Response(status_code=204))

    change = (body.current_password, body.new_password)
    async with held.rates.guessing(request.scope, sessions.password_of(me.user_id), wrong=Invalid):
        await accounts.change_password(held.units, held.passwords, held.identities, me, change, before_commit=keep)
    return Response(status_code=204)


@router.get("/auth/sessions", response_model=list[Session], responses=problems(*SIGNED_IN))
async def list_sessions(me: Me, work: ReadWork) -> Response:
    """List one's signed-in devices, the last used first."""
    return answer([session_json(row, me.session_id) for row in await sessions.list_sessions(work, me)])


@router.delete("/auth/sessions/{session_id}", status_code=204, responses=problems(*SIGNED_IN, 404))
async def end_session(
    held: Held, me: Me, session_id: Annotated[str, Path(max_length=64, description="The session's id."), WITHOUT_NUL]
) -> Response:
    """Sign a device out."""
    await sessions.end_session(held.units, held.identities, me, session_id)
    return Response(status_code=204)


@router.get("/users", response_model=list[Person], responses=problems(*SIGNED_IN))
async def find_people(
    me: Me,  # noqa: ARG001 - only for people who are signed in
    work: ReadWork,
    q: Annotated[
        str,
        Query(
            max_length=254,
            description="The beginning of a username, or a whole e-mail address.",
            json_schema_extra={"minLength": accounts.SEARCH_MIN},  # said by the operation, which leaves blanks out
        ),
        WITHOUT_NUL,
    ],
) -> Response:
    """Find people to share with. Never lists everybody: three characters at least, twenty people at most."""
    return answer([person_json(user) for user in await accounts.find_people(work, q)])
