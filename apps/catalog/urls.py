"""Pages of catalog."""

from django.urls import URLPattern, URLResolver, path

from apps.catalog import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("products", views.product_list, name="products"),
    path("products/register", views.product_register, name="product_register"),
    path("products/<str:gtin>", views.product_detail, name="product"),
]
