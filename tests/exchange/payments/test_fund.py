"""The community fund: anyone gives, once or monthly; the sum is for all to see, who gave what for nobody."""

import uuid

import pytest
from django.test import Client

from exchange.payments.models import Gift
from exchange.payments.services import fund


@pytest.fixture
def give(world, db):
    """Send the form of the fund; gives the answer and the gift."""

    def send(browser=None, **fields):
        fields = {"key": str(uuid.uuid4()), "amount": "5000", "how": "once", **fields}
        answer = (browser or Client(headers={"accept-language": "en"})).post("/fund/", fields)
        return answer, Gift.objects.order_by("-id").first()

    return send


class TestGiving:
    def test_once_without_an_account(self, give, world, told, client):
        answer, gift = give()
        assert answer["Location"] == world.get(gift.page_id)["url"]
        assert "form-action 'self' https://checkout.stripe.com" in client.get("/fund/")["Content-Security-Policy"]
        world.pay(gift.page_id)
        told()
        gift.refresh_from_db()
        assert (gift.person, gift.received, fund.total()) == (None, 5_000, 5_000)
        page = client.get(f"{gift.get_absolute_url()}?back=1", headers={"accept-language": "en"}).content.decode()
        assert "Your gift arrived" in page

    def test_another_amount_typed_in_arabic(self, give):
        _answer, gift = give(amount="other", other="١٢٫٥")
        assert gift.amount == 12_500

    def test_every_month_until_it_is_ended_by_whoever_has_its_page(self, give, world, told):
        _answer, gift = give(how="monthly")
        world.pay(gift.page_id)
        told()
        gift.refresh_from_db()
        world.next_month(gift.subscription_id)
        told()
        gift.refresh_from_db()
        assert (gift.received, fund.total()) == (10_000, 10_000)
        for _ in range(2):
            assert Client().post(f"/fund/{gift.token}/stop/").status_code == 302
        told()
        gift.refresh_from_db()
        assert (world.get(gift.subscription_id)["status"], gift.may_be_stopped) == ("canceled", False)

    def test_one_that_does_not_come_every_month_cannot_be_ended(self, give, client):
        _answer, gift = give()
        assert client.post(f"/fund/{gift.token}/stop/").status_code == 409

    def test_given_back_is_less_in_the_sum(self, give, world, told):
        _answer, gift = give()
        page = world.pay(gift.page_id)
        world.make_refunds({"payment_intent": page["payment_intent"], "amount": "2000"})
        told()
        assert fund.total() == 3_000

    def test_a_double_click_is_one_gift(self, give, world):
        key = str(uuid.uuid4())
        assert give(key=key)[0]["Location"] == give(key=key)[0]["Location"]
        assert Gift.objects.count() == len(world.of("checkout.session")) == 1
        assert give(key=key, amount="10000")[0].status_code == 409

    def test_a_lost_answer_makes_no_second_page(self, give, world, settings):
        settings.STRIPE_SECONDS = 0.5
        key, world.swallow = str(uuid.uuid4()), 3
        assert give(key=key)[0].status_code == 409
        assert give(key=key)[0].status_code == 302
        assert len(world.of("checkout.session")) == 1

    @pytest.mark.parametrize(
        "fields",
        [
            {"amount": ""}, {"amount": "1"}, {"amount": "-5000"}, {"amount": "other", "other": ""},
            {"amount": "other", "other": "-5"}, {"amount": "other", "other": "0"}, {"amount": "other", "other": "1e9"},
            {"amount": "other", "other": "99999999999"}, {"amount": "other", "other": "7.505"}, {"how": "yearly"},
            {"amount": "other", "other": "كثير"}, {"amount": "other", "other": "1,250"},
            {"amount": "other", "other": "9" * 200},
        ],
    )  # fmt: skip
    def test_wrong_amounts_are_refused_beside_their_field(self, give, fields):
        answer, gift = give(**fields)
        assert (answer.status_code, gift) == (422, None)
        page = answer.content.decode()
        assert 'class="error' in page
        if len(fields.get("other", "")) in range(2, 20):
            assert fields["other"] in page

    def test_one_address_cannot_open_gifts_without_end(self, give, settings):
        from exchange.lib.bucket import read_limit

        settings.RATE_LIMITS = {"gift-address": read_limit("x", "4/hour")}
        assert [give()[0].status_code for _ in range(4)] == [302, 302, 409, 409]

    def test_stripe_away_keeps_what_was_chosen(self, give, world):
        world.is_down = True
        answer, _gift = give(amount="other", other="12.5")
        assert answer.status_code == 409
        assert "12.5" in answer.content.decode()


class TestWhoSeesIt:
    def test_the_sum_is_for_all_and_no_giver_is_named(self, give, world, told, client_of, yusuf, client):
        _answer, gift = give(client_of(yusuf))
        world.pay(gift.page_id)
        told()
        page = client.get("/fund/").content.decode().replace("\u00a0", " ")
        assert "<b><bdi>5 دنانير أردنية</bdi></b>" in page
        assert yusuf.first_name not in page
        assert yusuf.first_name not in client.get(gift.get_absolute_url()).content.decode()

    def test_the_giver_finds_it_among_their_payments_and_is_thanked(self, give, world, told, client_of, yusuf, salma):
        _answer, gift = give(client_of(yusuf))
        world.pay(gift.page_id)
        told()
        assert gift.get_absolute_url() in client_of(yusuf).get("/me/payments/").content.decode()
        assert gift.get_absolute_url() not in client_of(salma).get("/me/payments/").content.decode()
        assert yusuf.notices.filter(kind="gift_arrived").count() == 1

    def test_its_address_cannot_be_guessed(self, give, client):
        _answer, gift = give()
        assert len(gift.token) == 32
        assert client.get(f"/fund/{gift.pk}/").status_code == 404
