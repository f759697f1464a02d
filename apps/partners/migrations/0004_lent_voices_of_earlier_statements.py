# Fill the lent voices that earlier statements show; later ones are noted at the door.

import hashlib
import json

from django.db import migrations

from apps.core.delegation import read_delegation
from apps.core.envelope import parse_envelope
from apps.core.strict import format_base64


def fill(apps, schema_editor):
    known = set(apps.get_model('partners', 'SigningKey').objects.values_list('keyid', flat=True))
    statements = apps.get_model('ledger', 'Statement').objects.order_by('accept_no')
    for identity, keyids in statements.values_list('id', 'keyids').iterator():
        # Only a device key signs without being enrolled.
        if not set(keyids.split()) <= known:
            _note(apps, identity)


def _note(apps, identity):
    vault = apps.get_model('ledger', 'Vault').objects.filter(pk=identity).first()
    if vault is None:
        return
    envelope = parse_envelope(json.dumps({
        'payloadType': 'application/vnd.pharmatrace.statement.v1+json',
        'payload': format_base64(bytes(vault.payload)),
        'signatures': json.loads(bytes(vault.signatures)),
    }).encode())
    for signature in envelope.signatures:
        if signature.delegation is None:
            continue
        lent, lender = read_delegation(signature)
        apps.get_model('partners', 'LentVoice').objects.get_or_create(
            digest=hashlib.sha256(signature.delegation.pae).hexdigest(),
            defaults={
                'device_keyid': signature.keyid,
                'lender_id': lender,
                'site': lent.site,
                'from_ms': lent.from_ms,
                'to_ms': lent.to_ms,
                'seen_in': identity,
            },
        )


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_accept_no_sequence'),
        ('partners', '0003_suspect_statements'),
    ]

    operations = [
        # Backwards the table goes with the migration before.
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
