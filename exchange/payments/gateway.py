"""The only door to Stripe: what is asked, what came back as plain values, and its errors as our refusals.

Objects at Stripe that belong to us carry our reference in their metadata (`ref`), so every event leads back to a row of
ours, whatever the order in which events come. Nothing here writes rows, and nothing is called inside a transaction.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest
from hmac import new as hmac
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from exchange.lib.breaker import Breaker
from exchange.lib.errors import Refused

if TYPE_CHECKING:
    import stripe

log = logging.getLogger(__name__)

API_VERSION = "2026-10-28.endive"
RETRIES = 2
TOLERANCE_SECONDS = 300  # a signature is good for so long, and may be from a clock so far ahead
LARGEST_BODY = 262_144  # bytes of an event; Stripe's own are far smaller
PAGES = ("https://checkout.stripe.com", "https://connect.stripe.com")  # where people are sent
EVENTS = (  # what the endpoint must be told of (docs/payments.md)
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "payment_intent.succeeded", "charge.refunded", "charge.dispute.created",
    "charge.dispute.updated", "charge.dispute.closed", "refund.created", "refund.updated", "refund.failed",
    "transfer.created", "transfer.reversed", "account.updated", "invoice.paid", "customer.subscription.updated",
    "customer.subscription.deleted",
)  # fmt: skip

_breaker = Breaker(failures=3, rest_seconds=5.0, name="stripe")


class StripeAway(Refused):
    """Stripe does not answer, or asks us to wait: the same act may be tried again."""

    code = "payments_away"


class StripeSaysNo(Refused):
    """Stripe will not do it: trying again helps only once something has changed."""

    code = "payments_refused"

    def __init__(self, text: object = "", reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class NotThere(StripeSaysNo):
    """Stripe knows no such object."""


class Forged(Exception):
    """An event that is not to be believed; `why` is "unsigned", "forged", "stale", "future", "unreadable" or "mode"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Told:
    """An event as it was told: which object to look at again. What else it says may be old."""

    id: str
    type: str
    object_id: str
    account: str  # of a connected account; "" = the city's own
    made_at: int  # seconds since 1970


@dataclass(frozen=True)
class Page:
    """A page at Stripe that somebody is sent to. `status`: "open", "complete" or "expired"."""

    id: str
    url: str
    status: str


@dataclass(frozen=True)
class Moved:
    """Money that left or came back: a refund, a transfer, its reversal, a dispute."""

    id: str
    amount: int
    status: str = ""
    key: str = ""  # ours, of the act that asked for it


@dataclass(frozen=True)
class Standing:
    """How one payment stands at Stripe now, read whole, so that no event has to come in order."""

    ref: str
    currency: str = ""
    intent: str = ""
    charge: str = ""
    page: Page | None = None
    received: int = 0
    is_monthly: bool = False
    subscription: str = ""
    subscription_status: str = ""
    refunds: tuple[Moved, ...] = ()
    disputes: tuple[Moved, ...] = ()
    transfers: tuple[Moved, ...] = ()
    reversals: tuple[Moved, ...] = ()


@dataclass(frozen=True)
class Connected:
    """How a mentor's account stands: whether money can reach it, whether Stripe still asks for something."""

    id: str
    is_ready: bool
    is_waiting: bool = field(default=False)


def is_on() -> bool:
    """Whether this city has keys: without them nothing of money is to be seen."""
    return bool(settings.STRIPE_SECRET_KEY)


def is_live() -> bool:
    """Whether the key moves real money."""
    return "_live_" in settings.STRIPE_SECRET_KEY


# --- What is told to us ----------------------------------------------------------------------------------------------


def believe(body: bytes, signature: str, *, now: float | None = None) -> Told:
    """Give the event of a webhook when it is signed with one of our secrets, fresh, and of our mode.

    The raw bytes are what is signed. Raises `Forged`.
    """
    now = time.time() if now is None else now
    signed_at, given = _signatures(signature)
    if not any(_is_signed(body, signed_at, given, each.strip()) for each in settings.STRIPE_WEBHOOK_SECRET.split(",")):
        raise Forged("forged")
    if signed_at < now - TOLERANCE_SECONDS:
        raise Forged("stale")
    if signed_at > now + TOLERANCE_SECONDS:
        raise Forged("future")
    try:
        event = json.loads(body)
        told = _told(event)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Forged("unreadable") from None
    if bool(event.get("livemode")) != is_live():
        raise Forged("mode")
    return told


def _signatures(header: str) -> tuple[int, list[str]]:
    """Give when a body was signed, and the signatures of the kind we know. Raises `Forged`."""
    parts = [part.strip().partition("=") for part in header[:2000].split(",")]
    times = [value for name, _equals, value in parts if name == "t"]
    given = [value for name, _equals, value in parts if name == "v1"]
    if len(times) != 1 or not given or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 13):
        raise Forged("unsigned")
    return int(times[0]), given


def _is_signed(body: bytes, at: int, given: list[str], secret: str) -> bool:
    right = hmac(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return any(compare_digest(right.encode(), each.encode()) for each in given)


def _told(event: dict[str, Any]) -> Told:
    thing = event["data"]["object"]
    found = Told(
        id=event["id"], type=event["type"], object_id=str(thing.get("id") or ""),
        account=event.get("account") or "", made_at=int(event["created"]),
    )  # fmt: skip
    texts = (found.id, found.type, found.object_id, found.account)
    if not all(isinstance(each, str) and len(each) <= 100 and each.isprintable() for each in texts):
        raise ValueError("names")
    if not found.id.startswith("evt_") or not found.object_id or not 0 < found.made_at < 2**40:
        raise ValueError("names")
    return found


def events_since(at: int) -> Iterator[Told]:
    """Give what happened since a moment (seconds since 1970) of the kinds we listen to, newest first."""
    asked: Any = {"created": {"gte": at}, "limit": 100, "types": list(EVENTS)}
    while True:
        with _asked():
            page = _client().v1.events.list(asked)
        rows = page.to_dict()["data"]
        for row in rows:
            if bool(row.get("livemode")) == is_live():
                yield _told(row)
        if not page.has_more or not rows:
            return
        asked["starting_after"] = rows[-1]["id"]


# --- What is asked of it: people pay ---------------------------------------------------------------------------------


def open_page(
    *, key: str, ref: str, group: str, amount: int, currency: str, name: str, language: str, back: str, leave: str,
    expires_at: int, email: str = "", is_gift: bool = False, is_monthly: bool = False,
) -> Page:  # fmt: skip
    """Open a Checkout page for one amount; the same key gives the same page. Raises `StripeAway`, `StripeSaysNo`.

    Checkout speaks no Arabic yet: readers of Arabic get the language of their browser.
    """
    price: dict[str, Any] = {"currency": currency.lower(), "unit_amount": amount, "product_data": {"name": name}}
    ours = {"ref": ref}
    asked: dict[str, Any] = {
        "mode": "subscription" if is_monthly else "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "client_reference_id": ref,
        "metadata": ours,
        "success_url": back,
        "cancel_url": leave,
        "locale": "en" if language == "en" else "auto",
        "adaptive_pricing": {"enabled": False},  # what is charged is what was agreed
        "expires_at": expires_at,
    }
    if is_monthly:
        price["recurring"] = {"interval": "month"}
        asked["subscription_data"] = {"metadata": ours}
    else:
        asked["payment_intent_data"] = {"metadata": ours, "transfer_group": group}
        if is_gift:
            asked["submit_type"] = "donate"
    if email:
        asked["customer_email"] = email
    with _asked():
        return _page(_client().v1.checkout.sessions.create(asked, {"idempotency_key": key}).to_dict())  # type: ignore[arg-type]


def page(page_id: str) -> Page:
    """Give how a Checkout page stands. Raises `StripeAway`, `NotThere`."""
    with _asked():
        return _page(_client().v1.checkout.sessions.retrieve(page_id).to_dict())


def close_page(page_id: str, *, key: str) -> Page:
    """Close an open Checkout page, so that nobody pays on it any more; one that is not open is left as it is."""
    found = page(page_id)
    if found.status != "open":
        return found
    with _asked():
        return _page(_client().v1.checkout.sessions.expire(page_id, {}, {"idempotency_key": key}).to_dict())


def stop_monthly(subscription: str, *, key: str) -> None:
    """End a monthly gift at once; one that has ended is left alone. Raises `StripeAway`, `StripeSaysNo`."""
    with _asked():
        if _client().v1.subscriptions.retrieve(subscription).to_dict()["status"] == "canceled":
            return
        _client().v1.subscriptions.cancel(subscription, {}, {"idempotency_key": key})


# --- Money goes on or back -------------------------------------------------------------------------------------------


def refund(*, key: str, intent: str, amount: int, ref: str) -> Moved:
    """Give so much of a payment back; what this key has given back already is found again, also after days."""
    for done in refunds_of(intent):
        if done.key == key and done.status not in ("failed", "canceled"):
            return done
    with _asked():
        row = _client().v1.refunds.create(
            {"payment_intent": intent, "amount": amount, "metadata": {"ref": ref, "key": key}}, {"idempotency_key": key}
        )
    return _moved(row.to_dict())


def transfer(*, key: str, amount: int, currency: str, account: str, charge: str, group: str, ref: str) -> Moved:
    """Hand so much of a payment on to a mentor; what this key has handed on already is found again."""
    for done in transfers_of(group)[0]:
        if done.key == key:
            return done
    with _asked():
        row = _client().v1.transfers.create(
            {
                "amount": amount, "currency": currency.lower(), "destination": account, "source_transaction": charge,
                "transfer_group": group, "metadata": {"ref": ref, "key": key},
            },
            {"idempotency_key": key},
        )  # fmt: skip
    return _moved(row.to_dict())


def refunds_of(intent: str) -> tuple[Moved, ...]:
    """Give what of a payment was given back, and whether it got there."""
    with _asked():
        rows = _client().v1.refunds.list({"payment_intent": intent, "limit": 100}).to_dict()["data"]
    return tuple(_moved(row) for row in rows)


def transfers_of(group: str) -> tuple[tuple[Moved, ...], tuple[Moved, ...]]:
    """Give what was handed on of a payment, and what of that came back."""
    with _asked():
        rows = _client().v1.transfers.list({"transfer_group": group, "limit": 100}).to_dict()["data"]
    back = tuple(_moved(each) for row in rows for each in (row.get("reversals") or {}).get("data", ()))
    return tuple(_moved(row) for row in rows), back


# --- How it stands ---------------------------------------------------------------------------------------------------


def standing(object_id: str) -> Standing | None:
    """Give how the payment stands that an object belongs to, whatever the object; None: it is none of ours.

    Raises `StripeAway`, `NotThere`.
    """
    prefix = object_id.split("_", 1)[0]
    with _asked():
        look = _LOOKS.get(prefix)
        return None if look is None else look(object_id)


def _of_page(page_id: str) -> Standing | None:
    row = _client().v1.checkout.sessions.retrieve(page_id).to_dict()
    ref = (row.get("metadata") or {}).get("ref", "")
    if not ref:
        return None
    found = _page(row)
    if row["mode"] == "subscription":
        subscription = _id(row.get("subscription"))
        return _of_subscription(subscription, found) if subscription else Standing(ref, page=found, is_monthly=True)
    intent = _id(row.get("payment_intent"))
    return _of_intent(intent, found) if intent else Standing(ref, page=found)


def _of_intent(intent_id: str, page: Page | None = None) -> Standing | None:
    row = _client().v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}).to_dict()
    ref, is_monthly = (row.get("metadata") or {}).get("ref", ""), False
    if not ref:  # of a monthly gift: our reference stands on its subscription
        ref, is_monthly = _ref_of_invoice(intent_id), True
        if not ref:
            return None
    charge = row.get("latest_charge") or {}
    received = row["amount_received"] if row["status"] == "succeeded" else 0
    refunds: tuple[Moved, ...] = ()
    disputes: tuple[Moved, ...] = ()
    transfers: tuple[Moved, ...] = ()
    reversals: tuple[Moved, ...] = ()
    if received:
        refunds = refunds_of(intent_id)
        if charge.get("disputed"):
            found = _client().v1.disputes.list({"payment_intent": intent_id, "limit": 100}).to_dict()["data"]
            disputes = tuple(_moved(each) for each in found)
        if row.get("transfer_group"):
            transfers, reversals = transfers_of(row["transfer_group"])
    return Standing(
        ref, row["currency"].upper(), intent_id, _id(charge), page, received, is_monthly, "", "",
        refunds, disputes, transfers, reversals,
    )  # fmt: skip


def _ref_of_invoice(intent_id: str) -> str:
    asked: Any = {"payment": {"type": "payment_intent", "payment_intent": intent_id}}
    rows = _client().v1.invoice_payments.list(asked).to_dict()["data"]
    return _invoice_ref(_client().v1.invoices.retrieve(_id(rows[0]["invoice"])).to_dict()) if rows else ""


def _of_invoice(invoice_id: str) -> Standing | None:
    row = _client().v1.invoices.retrieve(invoice_id, {"expand": ["payments"]}).to_dict()
    for paid in (row.get("payments") or {}).get("data", ()):
        intent = _id((paid.get("payment") or {}).get("payment_intent"))
        if intent:
            return _of_intent(intent)
    ref = _invoice_ref(row)
    return Standing(ref, is_monthly=True) if ref else None


def _invoice_ref(row: dict[str, Any]) -> str:
    details = (row.get("parent") or {}).get("subscription_details") or {}
    return str((details.get("metadata") or {}).get("ref", ""))


def _of_subscription(subscription: str, page: Page | None = None) -> Standing | None:
    row = _client().v1.subscriptions.retrieve(subscription).to_dict()
    ref = (row.get("metadata") or {}).get("ref", "")
    if not ref:
        return None
    return Standing(
        ref, page=page, is_monthly=True, subscription=subscription, subscription_status=str(row["status"])
    )  # fmt: skip


def _of_charge(charge: str) -> Standing | None:
    return _through(_client().v1.charges.retrieve(charge).to_dict())


def _of_refund(refund_id: str) -> Standing | None:
    return _through(_client().v1.refunds.retrieve(refund_id).to_dict())


def _of_dispute(dispute: str) -> Standing | None:
    return _through(_client().v1.disputes.retrieve(dispute).to_dict())


def _of_transfer(transfer_id: str) -> Standing | None:
    row = _client().v1.transfers.retrieve(transfer_id).to_dict()
    source = _id(row.get("source_transaction"))
    return _of_charge(source) if source else None


def _through(row: dict[str, Any]) -> Standing | None:
    intent = _id(row.get("payment_intent"))
    return _of_intent(intent) if intent else None


_LOOKS: dict[str, Callable[[str], Standing | None]] = {
    "cs": _of_page, "pi": _of_intent, "ch": _of_charge, "py": _of_charge, "re": _of_refund, "pyr": _of_refund,
    "dp": _of_dispute, "du": _of_dispute, "tr": _of_transfer, "in": _of_invoice, "sub": _of_subscription,
}  # fmt: skip


# --- Mentors' own accounts -------------------------------------------------------------------------------------------


def open_account(*, key: str, email: str, ref: str) -> Connected:
    """Open an Express account for a mentor; the same key gives the same one. Raises `StripeAway`, `StripeSaysNo`."""
    asked: dict[str, Any] = {
        "type": "express", "email": email, "metadata": {"ref": ref},
        "capabilities": {"transfers": {"requested": True}},
    }  # fmt: skip
    if settings.CITY_COUNTRY:
        asked["country"] = settings.CITY_COUNTRY
    with _asked():
        return _connected(_client().v1.accounts.create(asked, {"idempotency_key": key}).to_dict())  # type: ignore[arg-type]


def account(account_id: str) -> Connected:
    """Give how a mentor's account stands. Raises `StripeAway`, `NotThere`."""
    with _asked():
        return _connected(_client().v1.accounts.retrieve(account_id).to_dict())


def account_page(account_id: str, *, key: str, back: str) -> str:
    """Give the address at which Stripe asks the mentor what it must know; good for minutes and once."""
    asked: Any = {"account": account_id, "type": "account_onboarding", "return_url": back, "refresh_url": back}
    with _asked():
        return str(_client().v1.account_links.create(asked, {"idempotency_key": key}).url)


def own_account() -> str:
    """Give the number of the city's own account: that the key is good. Raises `StripeAway`, `StripeSaysNo`."""
    with _asked():
        return str(_client().v1.accounts.retrieve_current().id)


def _connected(row: dict[str, Any]) -> Connected:
    is_ready = (row.get("capabilities") or {}).get("transfers") == "active" and bool(row.get("payouts_enabled"))
    wants = (row.get("requirements") or {}).get("currently_due") or ()
    return Connected(str(row["id"]), is_ready, bool(row.get("details_submitted")) and not is_ready and not wants)


# --- The line --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _make_client(key: str, base: str, seconds: float) -> "stripe.StripeClient":
    import stripe  # 35 MB, which a city without keys, and processes that never ask, do without

    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base} if base else {},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=(min(3.0, seconds), seconds)),
    )


def _client() -> "stripe.StripeClient":
    return _make_client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE.rstrip("/"), settings.STRIPE_SECONDS)


@contextmanager
def _asked() -> Iterator[None]:
    """Turn what the library raises into our refusals; leave Stripe alone for a while when it does not answer."""
    if not _breaker.may_try():
        raise StripeAway(_away())
    try:
        yield
    except Refused:
        raise
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error
    _breaker.worked()


def _refusal(error: Exception) -> Refused | None:
    """Give our refusal for an error of the library; None: it is another's."""
    import stripe

    if not isinstance(error, stripe.StripeError):
        return None
    status, reason = error.http_status or 0, str(error.code or type(error).__name__)
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError) or status >= 500 or status == 409:
        _breaker.failed()
        log.warning("Stripe does not answer: %s", reason)
        return StripeAway(_away())
    _breaker.worked()
    if status == 404 or reason == "resource_missing":
        return NotThere(_("This payment is no longer there."), reason)
    log.error("Stripe refused: %s", reason)
    return StripeSaysNo(_("The payment service did not accept this. Nothing was charged."), reason)


def _away() -> str:
    return _("The payment service does not answer now. Nothing was charged; please try again in a minute.")


def _page(row: dict[str, Any]) -> Page:
    return Page(str(row["id"]), str(row.get("url") or ""), str(row.get("status") or ""))


def _moved(row: dict[str, Any]) -> Moved:
    key = (row.get("metadata") or {}).get("key", "")
    return Moved(str(row["id"]), int(row["amount"]), str(row.get("status") or ""), str(key))


def _id(value: Any) -> str:
    return str(value.get("id", "") if isinstance(value, dict) else value or "")
