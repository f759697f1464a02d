"""Pages of partners."""

from django.urls import URLPattern, URLResolver, path

from apps.partners.views import invitations, keys, organisation, register

urlpatterns: list[URLPattern | URLResolver] = [
    path("organisation", organisation.organisation, name="organisation"),
    path(
        "organisation/choose",
        organisation.choose_organisation,
        name="organisation_choose",
    ),
    path("organisation/tokens", organisation.create_token, name="token_create"),
    path(
        "organisation/tokens/<int:token_id>/revoke",
        organisation.revoke_token,
        name="token_revoke",
    ),
    path("organisation/people", organisation.invite, name="person_invite"),
    path(
        "organisation/people/<int:user_id>/remove",
        organisation.remove_person,
        name="person_remove",
    ),
    path("invitations/<str:secret>", invitations.invitation, name="invitation"),
    path("device", keys.device, name="device"),
    path("keys/requests", keys.key_requests, name="key_requests"),
    path("keys/<str:keyid>/revoke", keys.key_revoke, name="key_revoke"),
    path("partners", register.partner_list, name="partners"),
    path("partners/admit", register.partner_admit, name="partner_admit"),
    path("partners/proposals", register.proposals, name="proposals"),
    path(
        "partners/proposals/<int:proposal_id>/signatures",
        register.proposal_sign,
        name="proposal_sign",
    ),
    path("partners/<str:gln>", register.partner_detail, name="partner"),
    path(
        "partners/<str:gln>/licence", register.partner_licence, name="partner_licence"
    ),
]
