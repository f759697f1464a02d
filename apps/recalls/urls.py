"""Pages of recalls."""

from django.urls import URLPattern, URLResolver, path

from apps.recalls.views import console, forms, lists, query

urlpatterns: list[URLPattern | URLResolver] = [
    path("recalls", lists.recall_list, name="recalls"),
    path("recalls/new", forms.recall_new, name="recall_new"),
    path("recalls/what-if", forms.recall_what_if, name="recall_what_if"),
    path("recalls/<str:recall_id>", console.recall_detail, name="recall"),
    path("recalls/<str:recall_id>/amend", forms.recall_amend, name="recall_amend"),
    path("recalls/<str:recall_id>/close", forms.recall_close, name="recall_close"),
    path("recalls/<str:recall_id>/answer", forms.recall_answer, name="recall_answer"),
    path("query", query.unit_query, name="unit_query"),
]
