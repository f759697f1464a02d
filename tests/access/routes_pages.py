"""The table, part 3: our own pages."""

from tests.access.table import (
    ADMINS,
    BAD,
    EVERYBODY,
    MEMBERS,
    MISSING,
    MOVED,
    OWN,
    OWN_ADMIN,
    OWN_SIGNERS,
    REGISTER,
    REGULATOR,
    SEEN,
    SEEN_SIGNERS,
    SIGNERS,
    page,
    say,
    who,
)

_RECALL = "recalls/<str:recall_id>"
_UPLOAD = "uploads/<uuid:upload_id>"
_POOL = "pools/<uuid:pool_id>"
_PACKING = "aggregations/<uuid:aggregation_id>"
_RUN = "label-runs/<uuid:run_id>"
_ENTRY = "ledger/entries/<int:index>"
_LABEL = "labels/<str:gtin>/<path:serial>/"
_PACK = {"gtin": "gtin", "serial": "serial"}
_LOT = {"gtin": "gtin", "lot": "lot"}
# Makers and the regulator; the operator runs the site and recalls nothing.
_RECALLING = who("SAFR ok, MO forbidden, 0TXV login")
_ASKING = who("MSAFR ok, O forbidden, 0TXV login")
# A whole bundle goes to the regulator alone, and to others as if it were not there.
_WHOLE = who("R ok, MSAFO missing, 0TXV login")

_PARTNERS = (
    page("", get=EVERYBODY),
    page("inbox", get=MEMBERS),
    page("language", post=say(EVERYBODY, MOVED)),
    page("organisation", get=MEMBERS),
    page("organisation/choose", post=say(MEMBERS, MISSING)),  # chooses nothing
    page("organisation/tokens", post=say(ADMINS, BAD)),
    page(
        "organisation/tokens/<int:token_id>/revoke",
        post=say(OWN_ADMIN, MOVED),
        token_id="token",
    ),
    page("organisation/people", post=say(ADMINS, BAD)),
    page(
        "organisation/people/<int:user_id>/remove",
        post=say(OWN_ADMIN, MOVED),
        user_id="user",
    ),
    page(
        "organisation/invitations/<int:invitation_id>/withdraw",
        post=say(ADMINS, MISSING),
        invitation_id="=1",
    ),
    page("organisation/keys", get=MEMBERS),
    page("organisation/suspects", get=SIGNERS),
    page("shift", get=SIGNERS, post=say(SIGNERS, BAD)),
    page("shift/draft", post=say(SIGNERS, BAD)),
    page("shift/<int:shift_id>/end", post=say(SIGNERS, MISSING), shift_id="=1"),
    page(  # a link that nobody was given opens nothing
        "invitations/<str:secret>",
        get=say(EVERYBODY, MISSING),
        post=say(EVERYBODY, MISSING),
        secret="=abc",
    ),
    page("device", get=MEMBERS),
    page("keys/requests", post=say(MEMBERS, BAD)),
    page(
        "keys/requests/<int:request_id>/help",
        post=say(ADMINS, MOVED),
        request_id="=1",
    ),
    # An authority proposes the end of a key of a party that cannot help itself.
    page(
        "keys/<str:keyid>/revoke",
        get=who("AR ok, FO missing, MS forbidden, 0TXV login"),
        keyid="keyid",
    ),
    page("partners", get=REGISTER),
    page("partners/admit", get=REGULATOR),
    page("closing", get=REGISTER, post=who("O bad, RMSAF forbidden, 0TXV login")),
    page("partners/proposals", get=REGISTER, post=say(REGISTER, BAD)),
    page(
        "partners/proposals/<int:proposal_id>/signatures",
        post=say(REGISTER, MOVED),
        proposal_id="=1",
    ),
    page(
        "partners/proposals/<int:proposal_id>/withdraw",
        post=say(REGISTER, MOVED),
        proposal_id="=1",
    ),
    page("partners/<str:gln>", get=REGISTER, gln="gln"),
    page("partners/<str:gln>/keys", get=REGISTER, gln="gln"),
    page("partners/<str:gln>/licence", get=REGULATOR, gln="gln"),
)
_GOODS = (
    page("products", get=MEMBERS),
    page("products/register", get=SIGNERS),
    page("products/<str:gtin>", get=MEMBERS, gtin="gtin"),  # as printed on the box
    page("stock", get=MEMBERS),
    page("pack", get=MEMBERS),
    page("pack/lot", get=say(MEMBERS, BAD)),
    page("pack/lot/draft", get=say(SIGNERS, BAD)),
    page("pack/into", get=say(MEMBERS, BAD)),
    page("ship", get=MEMBERS),
    page("shipments", get=MEMBERS),
    page("shipments/<str:ref>", get=SEEN, ref="shipment"),
    page("shipments/<str:ref>/outcome", get=SEEN, ref="shipment"),
    page("receive", get=MEMBERS),
    page("receive/<str:ref>", get=OWN, owner="hub", ref="shipment"),
    page("receive/<str:ref>/lookup", get=say(OWN, BAD), owner="hub", ref="shipment"),
    page("returns", get=MEMBERS),
    page("batches/<str:gtin>/<path:lot>", get=SEEN, **_LOT),
    page("containers/<path:code>", get=SEEN, code="case"),
)
_RECALLS = (
    page("recalls", get=MEMBERS),
    page("recalls/new", get=_RECALLING),
    page("recalls/what-if", get=SIGNERS),
    page(_RECALL, get=SEEN, recall_id="recall"),
    page(f"{_RECALL}/amend", get=SEEN_SIGNERS, recall_id="recall"),
    page(f"{_RECALL}/close", get=SEEN_SIGNERS, recall_id="recall"),
    page(f"{_RECALL}/answer", get=OWN_SIGNERS, owner="shop", recall_id="recall"),
    page(f"{_RECALL}/bundle", get=SEEN, post=say(SEEN, MOVED), recall_id="recall"),
    page("lot-bundle", get=say(MEMBERS, BAD), post=say(MEMBERS, BAD)),
    page(
        "lot-bundle",
        get=SEEN,
        post=say(SEEN, MOVED),
        query="?gtin={gtin}&lot={lot}",
    ),
    page("bundles/<uuid:bundle_id>", get=OWN, bundle_id="bundle"),
    page("bundles/<uuid:bundle_id>", get=_WHOLE, bundle_id="whole"),
    page("query", get=_ASKING),
    page("query", get=_ASKING, query="?gtin={gtin}"),
    page("alerts", get=MEMBERS),
    page(
        "alerts/<int:alert_id>/close",
        post=say(SEEN_SIGNERS, MOVED),
        owner="shop",
        alert_id="alert",
    ),
)
_LEDGER = (
    page("ledger", get=EVERYBODY),
    page(_ENTRY, get=EVERYBODY, index="entry"),
    page(f"{_ENTRY}/proof", get=EVERYBODY, index="entry"),
    page("ledger/statements/<str:statement_id>", get=SEEN, statement_id="statement"),
    page("verify", get=EVERYBODY),
)
_UPLOADS = (
    page("uploads", get=MEMBERS),
    page("uploads/new", get=SIGNERS, post=say(SIGNERS, BAD)),
    page(_UPLOAD, get=OWN, upload_id="upload"),
    page(f"{_UPLOAD}/progress", get=OWN, upload_id="upload"),
    page(f"{_UPLOAD}/errors.csv", get=OWN, upload_id="refused"),
    page(f"{_UPLOAD}/cancel", post=say(OWN_SIGNERS, MOVED), upload_id="upload"),
)
_PACKAGING = (
    page("pools", get=MEMBERS),
    page("pools/new", get=SIGNERS, post=say(SIGNERS, BAD)),
    page(_POOL, get=OWN, pool_id="pool"),
    page(f"{_POOL}/progress", get=OWN, pool_id="pool"),
    page(f"{_POOL}/move", post=say(OWN_SIGNERS, BAD), pool_id="pool"),
    page(f"{_POOL}/commission", post=say(OWN_SIGNERS, BAD), pool_id="pool"),
    page("aggregations", get=MEMBERS),
    page("aggregations/new", get=SIGNERS, post=say(SIGNERS, BAD)),
    page(_PACKING, get=OWN, aggregation_id="packing"),
    page(f"{_PACKING}/progress", get=OWN, aggregation_id="packing"),
    page(f"{_PACKING}/errors.csv", get=OWN, aggregation_id="bad_packing"),
    page(f"{_PACKING}/cancel", post=say(OWN_SIGNERS, MOVED), aggregation_id="packing"),
    page("label-runs", get=MEMBERS),
    page("label-runs/new", get=SIGNERS, post=say(SIGNERS, BAD)),
    page(_RUN, get=OWN, run_id="run"),
    page(f"{_RUN}/progress", get=OWN, run_id="run"),
    page(f"{_RUN}/file", get=OWN_SIGNERS, run_id="run"),
    page(f"{_RUN}/again", post=say(OWN_SIGNERS, BAD), run_id="run"),
)
# Who may not have the proof is sent to the verdict.
_PROVEN = who("MSAR ok, FO moved, 0TXV login")
_PROOFS = tuple(
    page(f"scan/proof{ending}", get=rule, query=query)
    for ending, seen in (("", _PROVEN), (".json", SEEN), (".txt", SEEN), (".svg", SEEN))
    for rule, query in ((say(MEMBERS, MISSING), ""), (seen, "?code={code}"))
)
_SCAN = (
    page("scan", get=MEMBERS),
    page("scan", get=MEMBERS, query="?code={code}"),
    page("scan/answer.json", get=say(MEMBERS, MISSING)),
    page("scan/answer.json", get=MEMBERS, query="?code={code}"),
    *_PROOFS,
    page("scan/photo", post=say(MEMBERS, BAD)),
    page("scan/report", get=say(MEMBERS, MISSING), post=say(MEMBERS, MISSING)),
    page("scan/sign/<str:step>", get=say(SIGNERS, MISSING), step="=dispense"),
    page("search", get=MEMBERS),
    page(f"{_LABEL}datamatrix.svg", get=OWN, **_PACK),
    page(f"{_LABEL}qr.svg", get=OWN, **_PACK),
    page("labels/<str:gtin>/<path:lot>", get=OWN, **_LOT),
    page("01/<path:path>", get=EVERYBODY, path="gtin"),
)
ROUTES = (*_PARTNERS, *_GOODS, *_RECALLS, *_LEDGER, *_UPLOADS, *_PACKAGING, *_SCAN)
