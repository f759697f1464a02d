"""Pages of recalls."""

from django.urls import URLPattern, URLResolver, path

from apps.recalls.views import bundles, console, forms, lists, query

urlpatterns: list[URLPattern | URLResolver] = [
    path("recalls", lists.recall_list, name="recalls"),
    path("recalls/new", forms.recall_new, name="recall_new"),
    path("recalls/what-if", forms.recall_what_if, name="recall_what_if"),
    path("recalls/<str:recall_id>", console.recall_detail, name="recall"),
    path("recalls/<str:recall_id>/amend", forms.recall_amend, name="recall_amend"),
    path("recalls/<str:recall_id>/close", forms.recall_close, name="recall_close"),
    path("recalls/<str:recall_id>/answer", forms.recall_answer, name="recall_answer"),
    path("recalls/<str:recall_id>/bundle", bundles.recall_bundle, name="recall_bundle"),
    path("bundles/<uuid:bundle_id>", bundles.bundle_file, name="bundle_file"),
    path("lot-bundle", bundles.lot_bundle, name="lot_bundle"),
    path("query", query.unit_query, name="unit_query"),
]
