"""The words of the table: what an answer is, who gets which, what a route is.

A rule is one letter per actor and one word per answer: `who("MSAFRO ok, 0TXV login")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.access.actors import Actor, Reply
from tests.access.walk import METHODS

Rule = Mapping[str, str]

OK, LOGIN, MOVED, BAD = "ok", "login", "moved", "bad"
UNKNOWN, FORBIDDEN, MISSING, NEVER = "unknown", "forbidden", "missing", "never"
_CLASSES: Final = {
    401: UNKNOWN,
    403: FORBIDDEN,
    404: MISSING,
    405: NEVER,
    400: BAD,  # let in, and the request says nothing that can be read
    409: BAD,
    415: BAD,
    422: BAD,
}


def class_of(reply: Reply) -> str:
    """The word for an answer; a status that the table never expects is its number."""
    if 200 <= reply.status < 300:
        return OK
    if reply.status in {301, 302, 303}:
        is_login = reply.headers["Location"].startswith("/accounts/login/")
        return LOGIN if is_login else MOVED
    return _CLASSES.get(reply.status, str(reply.status))


def who(said: str) -> Rule:
    """A rule from its text.

    Raises:
        ValueError: an actor stands in it twice, or not at all.
    """
    pairs = [part.split() for part in said.split(",")]
    rule = [(letter, word) for letters, word in pairs for letter in letters]
    if sorted(letter for letter, _word in rule) != sorted(a.value for a in Actor):
        raise ValueError(said)
    return dict(rule)


def say(rule: Rule, word: str) -> Rule:
    """The same rule, but those who are let in hear `word`."""
    return {letter: word if told == OK else told for letter, told in rule.items()}


EVERYBODY = who("0MSAFROTXV ok")
NOBODY = who("0MSAFROTXV never")

# Pages know sessions only: a bearer token opens none of them.
MEMBERS = who("MSAFRO ok, 0TXV login")
SIGNERS = who("SAFRO ok, M forbidden, 0TXV login")
ADMINS = who("AFRO ok, MS forbidden, 0TXV login")
REGISTER = who("RO ok, MSAF forbidden, 0TXV login")
REGULATOR = who("R ok, MSAFO forbidden, 0TXV login")
OWN = who("MSA ok, FRO missing, 0TXV login")
OWN_SIGNERS = who("SA ok, FRO missing, M forbidden, 0TXV login")
OWN_ADMIN = who("A ok, FRO missing, MS forbidden, 0TXV login")
SEEN = who("MSAR ok, FO missing, 0TXV login")  # the owner's, and the regulator's
SEEN_SIGNERS = who("SAR ok, FO missing, M forbidden, 0TXV login")

# Machines and scripts of pages alike; strangers are asked who they are.
API_EVERYBODY = who("0MSAFROTX ok, V unknown")
API_MEMBERS = who("MSAFROTX ok, 0V unknown")
API_SIGNERS = who("SAFROTX ok, M forbidden, 0V unknown")
API_OWN = who("MSAT ok, FROX missing, 0V unknown")
API_OWN_SIGNERS = who("SAT ok, FROX missing, M forbidden, 0V unknown")
API_SEEN = who("MSART ok, FOX missing, 0V unknown")

# allauth: people with a session, and who has none yet.
PEOPLE = who("MSAFRO ok, 0TXV login")
GUESTS = who("0TXV ok, MSAFRO moved")


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table.

    Attributes:
        pattern: as the resolver writes it.
        rules: the rule of every method.
        owner: which player of chain A owns the object that is asked for.
        ids: the name in the pattern → the name of the object, or `=text` itself.
        query: what follows the path.
    """

    pattern: str
    rules: Mapping[str, Rule]
    owner: str = "maker"
    ids: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


def page(
    pattern: str,
    *,
    get: Rule = NOBODY,
    head: Rule | None = None,
    post: Rule = NOBODY,
    owner: str = "maker",
    query: str = "",
    **ids: str,
) -> Route:
    """A page of ours: GET, perhaps HEAD and POST, nothing else."""
    rules = dict.fromkeys(METHODS, NOBODY) | {
        "GET": get,
        "HEAD": get if head is None else head,
        "POST": post,
    }
    return Route(pattern, rules, owner, ids, query)


def api(
    pattern: str,
    guard: Rule = API_MEMBERS,
    *,
    get: Rule | None = None,
    post: Rule | None = None,
    patch: Rule | None = None,
    delete: Rule | None = None,
    options: Rule | None = None,
    owner: str = "maker",
    query: str = "",
    **ids: str,
) -> Route:
    """A machine address: whoever `guard` lets in hears which methods there are."""
    closed = say(guard, NEVER)
    rules = dict.fromkeys(METHODS, closed) | {
        "GET": get or closed,
        "HEAD": get or closed,
        "POST": post or closed,
        "PATCH": patch or closed,
        "DELETE": delete or closed,
        "OPTIONS": options or guard,
    }
    return Route(pattern, rules, owner, ids, query)


def account(
    pattern: str,
    guard: Rule,
    *,
    get: str = OK,
    post: str = NEVER,
    other: str = NEVER,
    options: str = OK,
    **ids: str,
) -> Route:
    """A page of allauth: whoever passes `guard` hears these words by method."""
    words = {
        "GET": get,
        "HEAD": get,
        "POST": post,
        "PUT": post,
        "PATCH": other,
        "DELETE": other,
        "OPTIONS": options,
    }
    rules = {method: say(guard, word) for method, word in words.items()}
    return Route(pattern, rules, "maker", ids)


def always(pattern: str, guard: Rule, word: str = OK, **ids: str) -> Route:
    """A page of allauth that answers every method alike."""
    rules = dict.fromkeys(METHODS, say(guard, word))
    return Route(pattern, rules, "maker", ids)
