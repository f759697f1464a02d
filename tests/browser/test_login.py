"""The first page a person meets."""

import re

import pytest
from django.contrib.auth import get_user_model


@pytest.fixture
def stella(db):
    return get_user_model().objects.create_user("stella", password="correct horse 9")


def test_a_person_logs_in_with_name_and_password(page, stella):
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill("stella")
    page.locator("input[name=password]").fill("correct horse 9")
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.wait_for_url(re.compile(r"(?<!/accounts/login)/$"))
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert "sessionid" in names


def test_nobody_signs_up_by_oneself(page):
    page.goto("/accounts/signup/")

    assert page.locator("input[name=password1]").count() == 0


def test_the_log_in_page_is_accessible(page, assert_accessible):
    page.goto("/accounts/login/")

    assert page.get_by_role("heading", level=1).count() == 1
    assert_accessible(page)
