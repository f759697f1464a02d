"""Pages of partners."""

from django.urls import URLPattern, URLResolver, path

from apps.partners.views import (
    history,
    invitations,
    keys,
    organisation,
    proposals,
    register,
    shifts,
)

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
    path(
        "organisation/invitations/<int:invitation_id>/withdraw",
        organisation.withdraw_invitation,
        name="invitation_withdraw",
    ),
    path("organisation/keys", history.organisation_keys, name="organisation_keys"),
    path("organisation/suspects", history.suspects, name="suspects"),
    path("invitations/<str:secret>", invitations.invitation, name="invitation"),
    path("device", keys.device, name="device"),
    path("keys/requests", keys.key_requests, name="key_requests"),
    path("keys/requests/<int:request_id>/help", keys.key_help, name="key_help"),
    path("keys/<str:keyid>/revoke", keys.key_revoke, name="key_revoke"),
    path("shift", shifts.shift, name="shift"),
    path("shift/draft", shifts.shift_draft, name="shift_draft"),
    path("shift/<int:shift_id>/end", shifts.shift_end, name="shift_end"),
    path("partners", register.partner_list, name="partners"),
    path("partners/admit", register.partner_admit, name="partner_admit"),
    path("partners/proposals", proposals.proposals, name="proposals"),
    path(
        "partners/proposals/<int:proposal_id>/signatures",
        proposals.proposal_sign,
        name="proposal_sign",
    ),
    path(
        "partners/proposals/<int:proposal_id>/withdraw",
        proposals.proposal_withdraw,
        name="proposal_withdraw",
    ),
    path("partners/<str:gln>", register.partner_detail, name="partner"),
    path("partners/<str:gln>/keys", history.partner_keys, name="partner_keys"),
    path(
        "partners/<str:gln>/licence", register.partner_licence, name="partner_licence"
    ),
]
