"""The WSGI door: `gunicorn pharmatrace.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")
application = get_wsgi_application()
