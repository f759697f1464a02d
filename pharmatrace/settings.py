"""All settings of the site, read through `env`; docs/operations.md lists every variable.

Embedded mode is plain http on this machine: nothing needs to be set and secrets are
made once under VAR_DIR. Anywhere else the site refuses to start without its secrets.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from whitenoise.compress import Compressor

from pharmatrace import databases, env
from pharmatrace.api_names import STATE_NAMES

# --- Where and how we run ---------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")
SITE_URL = env.text("SITE_URL", "http://localhost:8000").rstrip("/")
EMBEDDED = env.flag("EMBEDDED", default=env.is_loopback(SITE_URL))
DEBUG = env.flag("DEBUG", default=False)
DEMO = env.flag("DEMO", default=EMBEDDED)  # load and explain the demo network
# In the demo the administrators' own keys confirm at once what a visitor asks for.
DEMO_APPROVER = "pharmatrace.demo.approval.approve_key"
DEMO_COSIGNER = "pharmatrace.demo.approval.cosign_proposal"
ALLOWED_HOSTS = env.texts(
    "ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]"] if EMBEDDED else [env.host_of(SITE_URL)],
)
CSRF_FAILURE_VIEW = "apps.edge.problems.csrf_failure"
CSRF_TRUSTED_ORIGINS = [] if EMBEDDED else [SITE_URL]
ROOT_URLCONF = "pharmatrace.urls"

# --- Secrets and the ledger's own files -------------------------------------------
SECRETS_DIR = env.path("SECRETS_DIR", VAR_DIR / "secrets")  # 0600 files, never in rows
LOG_KEY_DIR = env.path("LOG_KEY_DIR", SECRETS_DIR)  # only where the sequencer runs
SECRET_KEY = env.secret(
    "SECRET_KEY", kept_in=SECRETS_DIR / "django_secret_key", embedded=EMBEDDED
)
LEDGER_ORIGIN = env.required(  # schema-less; fixed for ever by the genesis statement
    "LEDGER_ORIGIN", embedded=EMBEDDED, default="localhost:8000/pharmatrace"
)
LOG_DIR = env.path("LOG_DIR", VAR_DIR / "log-public")  # tiles and checkpoints
LOCK_STORE = env.path("LOCK_STORE", VAR_DIR / "lockstore")  # outside the database
WITNESS_POLICY_REQUIRED = bool(env.text("WITNESS_POLICY"))  # else the demo's two
WITNESS_POLICY = env.path("WITNESS_POLICY", VAR_DIR / "demo-witnesses" / "policy")
ANCHOR_TSAS = env.text("ANCHOR_TSAS")  # a file of services that stamp; "": none
ANCHOR_KINDS = {  # how each is opened; evm and ots need requirements-anchors.txt
    "tsr": "apps.anchoring.clients.tsa.open_tsa",
    "evm": "apps.anchoring.clients.evm.service.open_evm",
    "ots": "apps.anchoring.clients.ots.service.open_ots",
    **env.pairs("ANCHOR_KINDS"),
}
UPLOAD_DIR = env.path("UPLOAD_DIR", VAR_DIR / "uploads")
PACKAGING_DIR = env.path("PACKAGING_DIR", VAR_DIR / "packaging")  # label runs too
BUNDLE_DIR = env.path("BUNDLE_DIR", VAR_DIR / "bundles")  # built again when asked for
DEMO_KEYS_DIR = env.path("DEMO_KEYS_DIR", VAR_DIR / "demo-keys")  # the partners' own

# --- Apps -------------------------------------------------------------------------
_APPS = [
    "edge", "jobs", "ledger", "anchoring", "partners", "catalog", "pools", "custody",
    "recalls", "alerts", "exchange", "intake", "scan", "packaging",
]  # fmt: skip
INSTALLED_APPS = [
    "pharmatrace",
    *(f"apps.{name}" for name in _APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "apps.edge.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",  # for files too: a picture alone is a page
    "apps.edge.middleware.PrivacyHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "apps.edge.middleware.HostileInputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.edge.lagging.OwnWritesMiddleware",
    "apps.edge.middleware.ProblemMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "pharmatrace.frame.frame",
            ]
        },
    }
]

# --- Database: SQLite beside us, or PostgreSQL by DATABASE_URL --------------------
env.make_private(VAR_DIR)
_replica = env.text("DATABASE_REPLICA_URL")  # for what may be some seconds old
DATABASES = databases.configure(
    primary=env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'site.sqlite3'}"),
    replica=env.database("DATABASE_REPLICA_URL", "") if _replica else None,
    pool_mode=env.text("DATABASE_POOL_MODE"),  # of a PgBouncer in front
)
DATABASE_ROUTERS = ["apps.edge.replica.ReplicaRouter"] if _replica else []
REPLICA_MAX_LAG_SECONDS = env.number("REPLICA_MAX_LAG_SECONDS", 5)
REQUIRE_DURABLE_DATABASE = True  # refuse fsync or synchronous_commit off

# --- Cache: counters of the log-in lock and the rate limits -----------------------
# With a replica it holds up to where each asker has written: files would not do.
REDIS_URL = env.required("REDIS_URL", embedded=not _replica, default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": (
            "apps.edge.redis_cache.RedisCache"
            if REDIS_URL
            else "django.core.cache.backends.filebased.FileBasedCache"
        ),
        "LOCATION": REDIS_URL or str(VAR_DIR / "cache"),
    }
}

# --- Celery: messages only wake workers up; the work stands in the database -------
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "filesystem://localhost/")
BROKER_DIR = VAR_DIR / "broker"
if CELERY_BROKER_URL.startswith("filesystem:"):
    for _folder in ("queue", "control"):
        (BROKER_DIR / _folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.05,  # seconds
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900,  # seconds; above every task's time limit
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "max_retries": 1,
    }

# --- Limits of the doors, in bytes ------------------------------------------------
BODY_LIMIT_BYTES = env.number("BODY_LIMIT_BYTES", 2_000_000)
UPLOAD_LIMIT_BYTES = env.number("UPLOAD_LIMIT_BYTES", 256_000_000)
_FILES = "/api/v1/uploads", "/api/v1/aggregations", "/upload", "/aggregations"
BODY_LIMIT_BYTES_BY_PREFIX = {
    **dict.fromkeys(_FILES, UPLOAD_LIMIT_BYTES),
    "/api/v1/statements": env.number("STATEMENT_LIMIT_BYTES", 96_000_000),
    "/epcis/capture": env.number("CAPTURE_LIMIT_BYTES", 64_000_000),
    "/scan/photo": env.number("PHOTO_LIMIT_BYTES", 12_000_000),
}
DATA_UPLOAD_MAX_MEMORY_SIZE = max(BODY_LIMIT_BYTES_BY_PREFIX.values())
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Machine door -----------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.partners.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "apps.edge.parsers.StrictJSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "apps.edge.schema.TraceSchema",
    "DEFAULT_PAGINATION_CLASS": "apps.edge.pagination.CursorPagination",
    "EXCEPTION_HANDLER": "apps.edge.api_problems.exception_handler",
    "NUM_PROXIES": env.number("NUM_PROXIES", 0),  # reverse proxies in front of us
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PharmaTrace: signed custody of medicines, provable to outsiders",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": STATE_NAMES,
}

# --- People: log-in by allauth; accounts are made by an organisation's admin ------
AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
_RULES = "UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{_rule}Validator"}
    for _rule in _RULES
]
LOGIN_URL, LOGIN_REDIRECT_URL = "account_login", "/"
ACCOUNT_ADAPTER = "apps.edge.accounts.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if EMBEDDED else "https"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED
locals().update(env.email("EMAIL_URL", "consolemail://"))
SENDS_MAIL, EMAIL_TIMEOUT = bool(env.text("EMAIL_URL")), 10  # seconds
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"pharmatrace@{env.host_of(SITE_URL)}")

# --- Headers: strict by default, plain http only in embedded mode -----------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not EMBEDDED
SESSION_COOKIE_AGE = 12 * 3600  # seconds
CSRF_COOKIE_HTTPONLY = True  # scripts read the token from the page
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000  # a year
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not EMBEDDED
SECURE_REDIRECT_EXEMPT = [r"^health$"]  # probes reach the container by plain http
if env.flag("TRUST_FORWARDED_PROTO", default=False):  # only behind a proxy that sets it
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
PERMISSIONS_POLICY = (
    "camera=(self), geolocation=(), microphone=(), payment=(), usb=(),"
    " publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        **{f"{kind}-src": [SELF] for kind in ("script", "style", "font", "connect")},
        **{f"{kind}-src": [SELF] for kind in ("worker", "manifest")},
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "form-action": [SELF],
        **{key: [NONE] for key in ("base-uri", "frame-ancestors", "object-src")},
    }
}

# --- Languages, time, static files ------------------------------------------------
LANGUAGE_CODE, TIME_ZONE = "en", "UTC"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # as their readers call them
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_AGE = not EMBEDDED, 31_536_000  # a year
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", VAR_DIR / "static")
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's pages are built of our files
_PACKAGES = BASE_DIR / "node_modules"
_STATIC = {
    "": BASE_DIR / "static",
    "vendor/zxing": _PACKAGES / "zxing-wasm/dist/iife/reader",
    "vendor/zxing-wasm": _PACKAGES / "zxing-wasm/dist/reader",
}
# Maps of other people's scripts are half of all bytes, and nobody's page asks for one.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
STATICFILES_DIRS: list[Any] = [pair for pair in _STATIC.items() if pair[1].is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            # Compression costs 10 seconds a start: only the image is built with it.
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if env.flag("COMPRESS_STATIC", default=False)
            else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        )
    },
}

# --- What the operator reads ------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
_LOG_LINE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "apps.edge.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": _LOG_LINE}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {name: {"level": "WARNING"} for name in ("celery", "httpx")},  # ticks
}
