"""A small Stripe that keeps state: the endpoints we use, over real HTTP, with events signed as Stripe signs them.

Where `STRIPE_MOCK` names a stripe-mock, every request is put to it first: what Stripe's own description refuses is
refused here too, and its answer gives the shape that our state is laid over. For a demo:

    python tests/stripe_world.py --port 8499 --tell http://127.0.0.1:8000/stripe/webhook/
"""

import argparse
import hashlib
import hmac
import itertools
import json
import os
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "sk_test_123", "whsec_test"
FEE = 7_500  # what Salma asks, in the smallest unit
MOCK = os.environ.get("STRIPE_MOCK", "").rstrip("/")


class Refusal(Exception):
    def __init__(self, status, code, kind="invalid_request_error"):
        super().__init__(code)
        self.status, self.body = status, {"error": {"type": kind, "code": code, "message": code}}


def nested(pairs):
    """Give what Stripe's `a[b][0][c]=d` says, as dicts and lists."""
    root = {}
    for name, value in pairs:
        parts = name.replace("]", "").split("[")
        here = root
        for part, after in itertools.pairwise([*parts, None]):
            here = here.setdefault(part, {}) if after is not None else here.__setitem__(part, value)
    return _lists(root)


def _lists(value):
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() or key == "" for key in value):
        return [_lists(each) for each in value.values()]
    return {key: _lists(each) for key, each in value.items()}


class World:
    """Everything Stripe knows. Its time is the real one, unless `now` is set."""

    def __init__(self, *, mock=MOCK, secret=SECRET):
        self.mock, self.secret = mock, secret
        self.lock = threading.RLock()
        self.things, self.kinds, self.events, self.asked, self.kept = {}, {}, [], [], {}
        self.numbers = itertools.count(1)
        self.strange = set()
        self.is_down = False
        self.swallow = 0  # so many POSTs are done, and their answers lost on the way
        self.slow_seconds = 0.0
        self.now = None
        self.tell = None  # called with each new event
        self.server = None

    # --- The line

    def __enter__(self):
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body go apart; the second would wait 40 ms for the first

            def log_message(self, *_):
                pass

            def do_GET(self):
                world._answer(self)

            do_POST = do_DELETE = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", getattr(self, "port", 0)), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who asked did not wait
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def _answer(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length).decode()
        parts = urlsplit(handler.path)
        if parts.path.startswith(("/pay/", "/onboard/")):
            return self._page(handler, parts, body)
        params = nested([*parse_qsl(parts.query, keep_blank_values=True), *parse_qsl(body, keep_blank_values=True)])
        key = handler.headers.get("Idempotency-Key", "")
        status, answer = self._respond(handler.command, parts.path, params, key, handler.path, body)
        with self.lock:
            if handler.command == "POST" and self.swallow and status == 200:
                self.swallow -= 1
                handler.close_connection = True
                return handler.connection.close()
        time.sleep(self.slow_seconds)
        return _send(handler, status, json.dumps(answer), "application/json")

    def _respond(self, method, path, params, key, full_path, body):
        with self.lock:
            self.asked.append((method, path, key))
            if self.is_down:
                return 503, {"error": {"type": "api_error", "message": "down"}}
            said = json.dumps(params, sort_keys=True)
            if method != "GET" and not key:
                return 400, {"error": {"type": "invalid_request_error", "code": "no_key", "message": "without a key"}}
            if key in self.kept:
                before, answer = self.kept[key]
                if before != (method, path, said):
                    return 400, {"error": {"type": "idempotency_error", "message": "another request had this key"}}
                return 200, answer
            try:
                shape, ours = self._shape(method, full_path, body), self._do(method, path, params)
                answer = _over(shape, ours)
                if shape:  # what we answer with must be known to Stripe's description
                    named = {name for name in ours if name[0] != "_"}
                    self.strange |= {(ours.get("object"), name) for name in named - set(shape)}
            except Refusal as refusal:
                return refusal.status, refusal.body
            if key:
                self.kept[key] = ((method, path, said), answer)
            return 200, answer

    def _shape(self, method, path, body):
        if not self.mock:
            return {}
        request = urllib.request.Request(
            self.mock + path, data=body.encode() if method == "POST" else None, method=method,
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refusal(error.code, json.load(error)["error"]["message"]) from None

    # --- What it does

    def _do(self, method, path, params):
        names = path.strip("/").split("/")[1:]
        if names[:2] == ["checkout", "sessions"]:
            names = ["checkout_sessions", *names[2:]]
        kind, rest = names[0], names[1:]
        if method == "POST" and not rest:
            return getattr(self, f"make_{kind}")(params)
        if kind == "account":
            return self.add("account", {"object": "account"}, number="acct_city")
        if not rest:
            return self.list(kind, params)
        thing = self.get(rest[0])
        if rest[1:] == ["expire"]:
            return self.expire(thing["id"])
        if method == "DELETE":
            return self.end_subscription(thing["id"])
        return self.shown(thing, params)

    def shown(self, thing, params):
        if "latest_charge" in params.get("expand", ()) and thing.get("latest_charge"):
            return {**thing, "latest_charge": self.get(thing["latest_charge"])}
        return thing

    def list(self, kind, params):
        if kind == "events":
            least, types = int(params["created"]["gte"]), params.get("types", [])
            found = [e for e in reversed(self.events) if e["created"] >= least and (not types or e["type"] in types)]
            ids = [each["id"] for each in found]
            start = ids.index(params["starting_after"]) + 1 if params.get("starting_after") in ids else 0
            page = found[start : start + int(params.get("limit", 10))]
            return {"object": "list", "data": page, "has_more": start + len(page) < len(found)}
        if kind == "invoice_payments":
            intent = params["payment"]["payment_intent"]
            rows = [p for p in self.of("invoice_payment") if p["payment"]["payment_intent"] == intent]
        else:
            name = {"refunds": "refund", "disputes": "dispute", "transfers": "transfer"}[kind]
            wanted = {each: params[each] for each in ("payment_intent", "transfer_group") if each in params}
            rows = [row for row in self.of(name) if all(row.get(each) == value for each, value in wanted.items())]
        return {"object": "list", "data": rows, "has_more": False}

    def of(self, name):
        return list(self.kinds.get(name, ()))

    def get(self, number):
        if number not in self.things:
            raise Refusal(404, "resource_missing")
        return self.things[number]

    def add(self, prefix, thing, *, number=""):
        number = number or f"{prefix}_{next(self.numbers):06d}"
        made = {"id": number, "livemode": False, "created": self.clock(), "metadata": {}, **thing}
        if thing["object"] in ("account", "refund"):
            del made["livemode"]  # these say nothing of it
        if number not in self.things:
            self.kinds.setdefault(thing["object"], []).append(made)
        self.things[number] = made
        return made

    def clock(self):
        return int(self.now if self.now is not None else time.time())

    def happen(self, kind, thing, *, account=""):
        event = {
            "id": f"evt_{next(self.numbers):06d}", "object": "event", "type": kind, "created": self.clock(),
            "livemode": False, "data": {"object": json.loads(json.dumps(thing))},
        }  # fmt: skip
        if account:
            event["account"] = account
        self.events.append(event)
        if self.tell:
            self.tell(event)
        return event

    def make_checkout_sessions(self, params):
        price = params["line_items"][0]["price_data"]
        page = self.add("cs_test", {
            "object": "checkout.session", "mode": params["mode"], "status": "open", "payment_status": "unpaid",
            "metadata": params.get("metadata", {}), "client_reference_id": params.get("client_reference_id"),
            "payment_intent": None, "subscription": None, "currency": price["currency"],
            "amount_total": int(price["unit_amount"]) * int(params["line_items"][0]["quantity"]),
            "success_url": params["success_url"], "cancel_url": params.get("cancel_url"),
            "expires_at": int(params["expires_at"]),
        })  # fmt: skip
        page["_asked"], page["_name"] = params, price["product_data"]["name"]
        page["url"] = f"{self.base}/pay/{page['id']}"
        return page

    def pay(self, page_id):
        """Somebody pays on a page."""
        with self.lock:
            page = self.get(page_id)
            if page["status"] != "open":
                return page
            page |= {"status": "complete", "payment_status": "paid"}
            if page["mode"] == "subscription":
                subscription = self.add("sub", {
                    "object": "subscription", "status": "active", "metadata": page["metadata"],
                    "_amount": page["amount_total"], "_currency": page["currency"],
                })  # fmt: skip
                page["subscription"] = subscription["id"]
                self.happen("checkout.session.completed", page)
                self.next_month(subscription["id"])
                return page
            asked = page["_asked"].get("payment_intent_data", {})
            intent = self._paid(page["amount_total"], page["currency"], asked.get("metadata", {}),
                                asked.get("transfer_group"))  # fmt: skip
            page["payment_intent"] = intent["id"]
            self.happen("payment_intent.succeeded", intent)
            self.happen("checkout.session.completed", page)
            return page

    def _paid(self, amount, currency, metadata, group):
        intent = self.add("pi", {
            "object": "payment_intent", "status": "succeeded", "amount": amount, "amount_received": amount,
            "currency": currency, "metadata": metadata, "transfer_group": group,
        })  # fmt: skip
        charge = self.add("ch", {
            "object": "charge", "amount": amount, "currency": currency, "payment_intent": intent["id"],
            "disputed": False, "amount_refunded": 0, "metadata": metadata,
        })  # fmt: skip
        intent["latest_charge"] = charge["id"]
        return intent

    def next_month(self, subscription_id):
        """The monthly gift is taken once more."""
        with self.lock:
            subscription = self.get(subscription_id)
            intent = self._paid(subscription["_amount"], subscription["_currency"], {}, None)
            invoice = self.add("in", {
                "object": "invoice", "status": "paid", "amount_paid": subscription["_amount"],
                "currency": subscription["_currency"],
                "parent": {"type": "subscription_details", "subscription_details": {
                    "subscription": subscription_id, "metadata": subscription["metadata"]}},
            })  # fmt: skip
            paid = self.add("inpay", {
                "object": "invoice_payment", "invoice": invoice["id"], "status": "paid",
                "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            })  # fmt: skip
            invoice["payments"] = {"object": "list", "data": [paid], "has_more": False}
            self.happen("payment_intent.succeeded", intent)
            self.happen("invoice.paid", invoice)
            return invoice

    def expire(self, page_id):
        with self.lock:
            page = self.get(page_id)
            if page["status"] != "open":
                raise Refusal(400, "session_not_open")
            page |= {"status": "expired", "url": None}
            self.happen("checkout.session.expired", page)
            return page

    def end_subscription(self, subscription_id):
        subscription = self.get(subscription_id)
        if subscription["status"] == "canceled":
            raise Refusal(404, "resource_missing")
        subscription["status"] = "canceled"
        self.happen("customer.subscription.deleted", subscription)
        return subscription

    def make_refunds(self, params):
        intent = self.get(params["payment_intent"])
        charge = self.get(intent["latest_charge"])
        amount = int(params.get("amount", intent["amount_received"]))
        if charge["amount_refunded"] + amount > charge["amount"]:
            raise Refusal(400, "charge_already_refunded")
        charge["amount_refunded"] += amount
        refund = self.add("re", {
            "object": "refund", "amount": amount, "currency": intent["currency"], "payment_intent": intent["id"],
            "charge": charge["id"], "status": "succeeded", "metadata": params.get("metadata", {}),
        })  # fmt: skip
        self.happen("refund.created", refund)
        self.happen("charge.refunded", charge)
        return refund

    def fail_refund(self, refund_id):
        with self.lock:
            refund = self.get(refund_id)
            refund["status"] = "failed"
            self.get(refund["charge"])["amount_refunded"] -= refund["amount"]
            self.happen("refund.failed", refund)

    def make_transfers(self, params):
        charge, amount = self.get(params["source_transaction"]), int(params["amount"])
        gone = sum(each["amount"] for each in self.of("transfer") if each["source_transaction"] == charge["id"])
        if gone + amount > charge["amount"]:
            raise Refusal(400, "balance_insufficient")
        transfer = self.add("tr", {
            "object": "transfer", "amount": amount, "amount_reversed": 0, "currency": params["currency"],
            "destination": params["destination"], "source_transaction": charge["id"],
            "transfer_group": params.get("transfer_group"), "metadata": params.get("metadata", {}),
            "reversals": {"object": "list", "data": [], "has_more": False},
        })  # fmt: skip
        self.happen("transfer.created", transfer)
        return transfer

    def reverse(self, transfer_id, amount):
        with self.lock:
            transfer = self.get(transfer_id)
            back = {"id": f"trr_{next(self.numbers):06d}", "object": "transfer_reversal", "amount": amount,
                    "currency": transfer["currency"], "created": self.clock(), "metadata": {},
                    "transfer": transfer_id}  # fmt: skip
            transfer["reversals"]["data"].append(back)
            transfer["amount_reversed"] += amount
            self.happen("transfer.reversed", transfer)

    def dispute(self, intent_id, *, status="needs_response"):
        with self.lock:
            intent = self.get(intent_id)
            self.get(intent["latest_charge"])["disputed"] = True
            dispute = self.add("dp", {
                "object": "dispute", "amount": intent["amount"], "currency": intent["currency"], "status": status,
                "payment_intent": intent_id, "charge": intent["latest_charge"],
            })  # fmt: skip
            self.happen("charge.dispute.created", dispute)
            return dispute

    def end_dispute(self, dispute_id, status):
        with self.lock:
            dispute = self.get(dispute_id)
            dispute["status"] = status
            self.happen("charge.dispute.closed", dispute)

    def make_accounts(self, params):
        return self.add("acct", {
            "object": "account", "type": "express", "email": params.get("email"), "details_submitted": False,
            "payouts_enabled": False, "charges_enabled": False, "metadata": params.get("metadata", {}),
            "capabilities": {"transfers": "inactive"}, "requirements": {"currently_due": ["individual.id_number"]},
        })  # fmt: skip

    def make_account_links(self, params):
        self.get(params["account"])["_back"] = params["return_url"]
        return {"object": "account_link", "created": self.clock(), "expires_at": self.clock() + 300,
                "url": f"{self.base}/onboard/{params['account']}"}  # fmt: skip

    def make_ready(self, account_id, *, is_ready=True):
        """A mentor told Stripe everything; or Stripe wants more."""
        with self.lock:
            account = self.get(account_id)
            account |= {
                "details_submitted": True, "payouts_enabled": is_ready,
                "capabilities": {"transfers": "active" if is_ready else "inactive"},
                "requirements": {"currently_due": [] if is_ready else ["individual.verification.document"]},
            }  # fmt: skip
            self.happen("account.updated", account, account=account_id)

    # --- What is told

    def body(self, event):
        return json.dumps(event).encode()

    def signature(self, body, *, at=None, secret=None):
        at = int(time.time() if at is None else at)
        mac = hmac.new((secret or self.secret).encode(), f"{at}.".encode() + body, hashlib.sha256)
        return f"t={at},v1={mac.hexdigest()}"

    # --- Its pages, for a demo

    def _page(self, handler, parts, body):
        kind, number = parts.path.strip("/").split("/")[:2]
        thing = self.get(number)
        if handler.command == "POST":
            if kind == "onboard":
                self.make_ready(number)
                return _send(handler, 303, "", "text/html", thing["_back"])
            if "leave" in body:
                return _send(handler, 303, "", "text/html", thing["cancel_url"])
            self.pay(number)
            return _send(handler, 303, "", "text/html", thing["success_url"])
        words = "Tell Stripe who you are" if kind == "onboard" else f"{thing['_name']}: {thing['amount_total']}"
        page = f"""<!doctype html><meta charset=utf-8><title>A small Stripe</title><h1>A small Stripe</h1>
            <p>{words}</p><form method=post><button name=go>Go on</button> <button name=leave>Leave</button></form>"""
        return _send(handler, 200, page, "text/html")


def _over(shape, ours):
    """Lay what we know over the shape that Stripe's description gives; fields of our own keep to themselves."""
    if not isinstance(ours, dict):
        return ours
    shape = shape if isinstance(shape, dict) else {}
    return {**shape, **{name: _over(shape.get(name), value) for name, value in ours.items() if name[0] != "_"}}


def _send(handler, status, text, kind, to=""):
    body = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", f"{kind}; charset=utf-8")
    handler.send_header("Content-Length", str(len(body)))
    if to:
        handler.send_header("Location", to)
    handler.end_headers()
    handler.wfile.write(body)


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int, default=8499)
    asked.add_argument("--tell", default="http://127.0.0.1:8000/stripe/webhook/")
    options = asked.parse_args()
    world = World()
    world.port = options.port

    def tell(event):
        body = world.body(event)
        headers = {"Stripe-Signature": world.signature(body), "Content-Type": "application/json"}
        request = urllib.request.Request(options.tell, data=body, method="POST", headers=headers)
        threading.Thread(target=lambda: _try(request), daemon=True).start()

    world.tell = tell
    with world:
        print(f"STRIPE_SECRET_KEY={KEY} STRIPE_WEBHOOK_SECRET={SECRET} STRIPE_API_BASE={world.base}")
        threading.Event().wait()


def _try(request):
    for pause in (0.0, 1.0, 5.0, 20.0):
        time.sleep(pause)
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except OSError as error:
            print(f"told in vain: {error}")
        else:
            return


if __name__ == "__main__":
    main()
