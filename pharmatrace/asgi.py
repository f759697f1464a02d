"""The ASGI door, for those who serve with it; the site itself is synchronous."""

import os

from django.core.asgi import get_asgi_application

from apps.edge.request import StrictASGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")
application = get_asgi_application()
application.request_class = StrictASGIRequest
