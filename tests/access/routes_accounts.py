"""The table, part 2: log-in, passwords, second factors, as allauth answers them."""

from tests.access.table import (
    EVERYBODY,
    GUESTS,
    LOGIN,
    MISSING,
    MOVED,
    NEVER,
    OK,
    PEOPLE,
    Route,
    account,
    always,
    say,
    who,
)

_A = "accounts/"
_2FA = f"{_A}2fa/"
_PASSKEY = f"{_2FA}webauthn/"
_KEY = f"{_PASSKEY}keys/<int:pk>/"
# Everybody here has no second factor yet, and logged in without typing a password:
# pages about factors send them to type it first.
_PEOPLE_TYPE_FIRST = say(PEOPLE, MOVED)
_STRANGERS_LOG_OUT = who("MSAFRO ok, 0TXV moved")


def _logout() -> Route:
    asked = account(f"{_A}logout/", _STRANGERS_LOG_OUT, post=MOVED)
    rules = dict(asked.rules) | {
        "PUT": say(EVERYBODY, NEVER),
        "PATCH": say(EVERYBODY, NEVER),
        "DELETE": say(EVERYBODY, NEVER),
        "OPTIONS": EVERYBODY,
    }
    return Route(asked.pattern, rules)


def _confirm_email() -> Route:
    asked = account(
        rf"{_A}^confirm-email/(?P<key>[-:\w]+)/$", EVERYBODY, post=MISSING, key="=abc"
    )
    return Route(
        asked.pattern,
        dict(asked.rules) | {"PUT": say(EVERYBODY, NEVER)},
        ids=asked.ids,
    )


ROUTES = (
    account(f"{_A}login/", GUESTS, post=OK),
    _logout(),
    account(f"{_A}inactive/", EVERYBODY),
    always(f"{_A}signup/", GUESTS),  # closed: the page says so, whatever is sent
    account(f"{_A}reauthenticate/", PEOPLE, post=OK),
    # No code is sent by mail here: the password or a second factor is asked for.
    always(f"{_A}reauthenticate/code/", PEOPLE, MOVED),
    always(f"{_A}reauthenticate/code/confirm/", PEOPLE, MOVED),
    account(f"{_A}email/", PEOPLE, post=MOVED),
    account(f"{_A}confirm-email/", EVERYBODY),
    _confirm_email(),
    account(f"{_A}password/change/", PEOPLE, post=OK),
    always(f"{_A}password/set/", PEOPLE, MOVED),
    account(f"{_A}password/reset/", EVERYBODY, post=OK),
    account(f"{_A}password/reset/done/", EVERYBODY),
    account(f"{_A}password/reset/key/done/", EVERYBODY),
    always(
        rf"{_A}^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        EVERYBODY,
        uidb36="=a",
        key="=abc",
    ),
    always(f"{_A}login/code/confirm/", say(PEOPLE, MOVED), LOGIN),
    account(_2FA, PEOPLE),
    always(f"{_2FA}authenticate/", PEOPLE, MOVED),
    always(f"{_2FA}reauthenticate/", PEOPLE, MOVED),
    always(f"{_2FA}totp/activate/", _PEOPLE_TYPE_FIRST),
    always(f"{_2FA}totp/deactivate/", PEOPLE, MISSING),
    account(f"{_2FA}recovery-codes/", PEOPLE, get=MISSING),
    always(f"{_2FA}recovery-codes/generate/", _PEOPLE_TYPE_FIRST),
    always(f"{_2FA}recovery-codes/download/", PEOPLE, MISSING),
    account(_PASSKEY, PEOPLE),
    always(f"{_PASSKEY}add/", _PEOPLE_TYPE_FIRST),
    always(f"{_PASSKEY}reauthenticate/", PEOPLE, MOVED),
    always(f"{_KEY}remove/", _PEOPLE_TYPE_FIRST, pk="=1"),
    always(f"{_KEY}edit/", _PEOPLE_TYPE_FIRST, pk="=1"),
    account(f"{_PASSKEY}login/", GUESTS, get=LOGIN, post=LOGIN),
)
