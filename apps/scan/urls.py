"""Pages of scan."""

from django.urls import URLPattern, URLResolver, path

from apps.scan.views import labels, proof, public, report, scan, search

urlpatterns: list[URLPattern | URLResolver] = [
    path("scan", scan.scan, name="scan"),
    path("scan/photo", scan.scan_photo, name="scan_photo"),
    path("scan/answer.json", proof.answer_file, name="answer_file"),
    path("scan/proof", proof.pack_proof, name="pack_proof"),
    path("scan/proof.json", proof.pack_proof_file, name="pack_proof_file"),
    path("scan/proof.txt", proof.pack_proof_text, name="pack_proof_text"),
    path("scan/proof.svg", proof.pack_proof_svg, name="pack_proof_svg"),
    path("scan/report", report.scan_report, name="scan_report"),
    path("scan/sign/<str:step>", scan.scan_sign, name="scan_sign"),
    path("search", search.search, name="search"),
    path(
        "labels/<str:gtin>/<path:serial>/datamatrix.svg",
        labels.datamatrix_svg,
        name="label_datamatrix",
    ),
    path("labels/<str:gtin>/<path:serial>/qr.svg", labels.qr_svg, name="label_qr"),
    path("labels/<str:gtin>/<path:lot>", labels.label_run, name="labels"),
    path("01/<path:path>", public.pack, name="public_pack"),
]
