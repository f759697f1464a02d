"""The site's settings, cheap and self-contained for tests."""

import os
import tempfile

os.environ["VAR_DIR"] = os.environ.setdefault(
    "PHARMATRACE_TEST_VAR", tempfile.mkdtemp(prefix="pt-var-")
)
os.environ["DEMO"] = "0"

from pharmatrace.settings import *  # noqa: F403
from pharmatrace.settings import DATABASES, MIDDLEWARE, VAR_DIR

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REQUIRE_DURABLE_DATABASE = False  # the test server trades durability for speed
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_BROKER_URL = os.environ.get("TEST_BROKER_URL", "memory://")
if "TEST_BROKER_URL" in os.environ:
    # The workers of one run share a server, and each purges queues of that name.
    _worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    CELERY_BROKER_URL += f"?virtual_host={_worker}"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads of live servers and racing writers share it.
    DATABASES["default"]["TEST"] = {
        "NAME": str(
            VAR_DIR / f"test-{os.environ.get('PYTEST_XDIST_WORKER', '')}.sqlite3"
        )
    }
    # As on PostgreSQL (tests/embedded.py): tests never survive a power cut.
    _options = DATABASES["default"]["OPTIONS"]
    _options["init_command"] += " PRAGMA synchronous=OFF;"
