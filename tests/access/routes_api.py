"""The table, part 1: machine addresses, the log, health."""

from tests.access.table import (
    API_EVERYBODY,
    API_MEMBERS,
    API_OWN,
    API_OWN_SIGNERS,
    API_SEEN,
    API_SIGNERS,
    BAD,
    EVERYBODY,
    MISSING,
    NEVER,
    api,
    page,
    say,
)

_V1 = "api/v1/"
_RECALL = f"{_V1}recalls/<str:recall_id>"
_STATEMENT = f"{_V1}statements/<str:statement_id>"
_POOL = f"{_V1}pools/<uuid:pool_id>"
_PACKING = f"{_V1}aggregations/<uuid:aggregation_id>"
_RUN = f"{_V1}label-runs/<uuid:run_id>"
_UPLOAD = f"{_V1}uploads/<uuid:upload_id>"
# What is let in, and says nothing that can be read, is malformed.
_SIGNED = say(API_SIGNERS, BAD)
_ASKED = say(API_MEMBERS, BAD)

ROUTES = (
    page("health", get=EVERYBODY),
    page("log/anchors/<str:name>", get=say(EVERYBODY, MISSING), name="=1.tsr"),
    page("log/checkpoint", get=EVERYBODY),
    page("log/policy", get=EVERYBODY),
    page("log/tile/<path:name>", get=EVERYBODY, name="tile"),
    page(
        "log/tile/<path:name>",
        get=say(EVERYBODY, MISSING),
        name="=0/999",
    ),
    page("log/recalls/<str:statement_id>", get=EVERYBODY, statement_id="recall"),
    page(
        "log/recalls/<str:statement_id>",
        get=say(EVERYBODY, MISSING),
        statement_id="statement",
    ),
    api(f"{_V1}schema", API_EVERYBODY, get=API_EVERYBODY),
    api(
        f"{_V1}docs",
        API_EVERYBODY,
        get=API_EVERYBODY,
        options=say(API_EVERYBODY, NEVER),
    ),
    api(f"{_V1}partners", get=API_MEMBERS),
    api(f"{_V1}products", get=API_MEMBERS),
    api(f"{_V1}stock", get=API_MEMBERS),
    api(f"{_V1}shipments", get=API_MEMBERS),
    api(f"{_V1}shipments/<str:ref>", get=API_SEEN, ref="shipment"),
    api(f"{_V1}recalls", get=API_MEMBERS),
    api(_RECALL, get=API_SEEN, recall_id="recall"),
    api(f"{_RECALL}/affected", get=API_SEEN, recall_id="recall"),
    api(f"{_RECALL}/bundle", get=API_SEEN, recall_id="recall"),
    api(f"{_V1}batches/bundle", get=_ASKED),
    api(f"{_V1}batches/bundle", get=API_SEEN, query="?gtin={gtin}&lot={lot}"),
    api(f"{_V1}recall-query", get=_ASKED),
    api(f"{_V1}recall-query", get=API_MEMBERS, query="?gtin={gtin}"),
    api(f"{_V1}trace", get=_ASKED),
    api(f"{_V1}trace", get=API_SEEN, query="?gtin={gtin}&lot={lot}"),
    api(f"{_V1}drafts", API_SIGNERS, post=_SIGNED),
    api(f"{_V1}statements", API_SIGNERS, post=_SIGNED),
    api(f"{_V1}statements:batch", API_SIGNERS, post=_SIGNED),
    api(_STATEMENT, get=API_SEEN, statement_id="statement"),
    api(f"{_STATEMENT}/proof", get=API_SEEN, statement_id="statement"),
    api(f"{_STATEMENT}/events", get=API_SEEN, statement_id="statement"),
    api(f"{_V1}uploads", get=API_MEMBERS, post=_SIGNED),
    api(
        _UPLOAD,
        get=API_OWN,
        patch=say(API_OWN_SIGNERS, BAD),
        delete=API_OWN_SIGNERS,
        upload_id="upload",
    ),
    api(f"{_UPLOAD}/errors", get=API_OWN, upload_id="refused"),
    api(f"{_UPLOAD}/statement", API_SIGNERS, get=API_OWN_SIGNERS, upload_id="upload"),
    api(f"{_V1}pools", get=API_MEMBERS, post=_SIGNED),
    api(_POOL, get=API_OWN, pool_id="pool"),
    api(f"{_POOL}/moves", API_SIGNERS, post=say(API_OWN_SIGNERS, BAD), pool_id="pool"),
    api(
        f"{_POOL}/uploads", API_SIGNERS, post=say(API_OWN_SIGNERS, BAD), pool_id="pool"
    ),
    api(f"{_V1}aggregations", get=API_MEMBERS, post=_SIGNED),
    api(_PACKING, get=API_OWN, delete=API_OWN_SIGNERS, aggregation_id="packing"),
    api(f"{_PACKING}/errors", get=API_OWN, aggregation_id="bad_packing"),
    api(
        f"{_PACKING}/statement",
        API_SIGNERS,
        get=API_OWN_SIGNERS,
        aggregation_id="packing",
    ),
    api(f"{_V1}label-runs", get=API_MEMBERS, post=_SIGNED),
    api(_RUN, get=API_OWN, post=say(API_OWN_SIGNERS, BAD), run_id="run"),
    api(f"{_RUN}/file", API_SIGNERS, get=API_OWN_SIGNERS, run_id="run"),
    api(f"{_V1}verify", get=_ASKED),
    api(f"{_V1}verify", get=API_MEMBERS, query="?code={code}"),
    api(f"{_V1}verify/proof", get=_ASKED),
    api(f"{_V1}verify/proof", get=API_SEEN, query="?code={code}"),
    api(f"{_V1}verify/code", get=_ASKED),
    api(f"{_V1}verify/code", get=API_SEEN, query="?code={code}"),
)
