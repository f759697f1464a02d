"""The WSGI door: `gunicorn pharmatrace.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from apps.edge.request import StrictWSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")
application = get_wsgi_application()
application.request_class = StrictWSGIRequest
