"""The maker may salt its serials itself, and recheck the root before it signs."""

import pytest

from apps.core.errors import ProofError
from apps.core.outside.serialfile import verify_drafted_serials
from apps.core.serials import serials_root
from apps.core.strict import format_base64
from apps.custody.models import Staging
from apps.intake.models import Upload
from tests.cast import AMOXIL
from tests.intake.world import LOT, serials

SEED = format_base64(bytes(range(32)))


def test_the_maker_computes_the_root_again_from_its_own_file(world):
    upload = world.check(serials(40))

    draft = world.novamed.get(f"/api/v1/uploads/{upload.id}/statement")

    found = verify_drafted_serials(draft=draft.body, listed=serials(40))
    assert found == "serials  40 of your file, from unit 0 of A123"
    with pytest.raises(ProofError, match="serials differ"):
        verify_drafted_serials(draft=draft.body, listed=serials(40, start=2))


def test_a_seed_of_the_makers_own_salts_its_serials(world):
    upload = world.check(serials(3), seed=SEED)

    answer = world.novamed.get(f"/api/v1/uploads/{upload.id}/statement").json

    assert answer["seed"] == SEED
    assert bytes(Staging.objects.get().root) == serials_root(
        seed=bytes(range(32)),
        gtin=AMOXIL.gtin,
        base=0,
        serials=["S00000001", "S00000002", "S00000003"],
    )


@pytest.mark.parametrize(
    ("seed", "code"),
    [
        ("", "bad_length"),
        (SEED[:-4], "bad_length"),
        (format_base64(bytes(33)), "bad_length"),
        (SEED.rstrip("="), "bad_base64"),
        ("zz", "bad_base64"),
        (bytes(range(32)).hex(), "bad_length"),
    ],
)
def test_another_seed_than_32_bytes_is_refused(world, seed, code):
    answer = world.novamed.upload(serials(3), **LOT, seed=seed)

    assert (answer.status, answer.json["code"]) == (400, code)
    assert not Upload.objects.exists()
    assert not world.folder.exists()


def test_a_seed_is_used_for_one_file(world):
    first = world.send(serials(3), seed=SEED)
    again = world.send(serials(3), seed=SEED)
    other = world.novamed.upload(serials(3), **LOT, seed=format_base64(bytes(32)))
    second = world.novamed.upload(serials(4), **LOT, seed=SEED)

    assert again.id == first.id
    assert (other.status, other.json["code"]) == (409, "other_seed")
    assert (second.status, second.json["code"]) == (400, "seed_used")
    assert Upload.objects.count() == 1
