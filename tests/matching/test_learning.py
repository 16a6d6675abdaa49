"""What came of pairs, weights fitted to it, and the report on who is served."""

import io
import json
import random
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone
from scipy.optimize import minimize

from accounts import services as accounts
from accounts.models import Profile
from exchange.chat import services as chat
from exchange.lessons import services as lessons
from matching import fitting, scoring
from matching import services as matching
from matching.models import Fit, Match, Outcome
from matching.services import fairness, learning, state


def run(name, *args):
    out = io.StringIO()
    call_command(name, *args, stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


@pytest.fixture
def pair(make_offer, make_wish, salma, yusuf, relay):
    offer = make_offer(salma, "خياطة للمبتدئات", ["rukn:sewing"])
    wish = make_wish(yusuf, "learn to sew", ["rukn:sewing"], lang="en")
    relay()
    return offer, wish


def rows(truth, count=2_000, seed=3):
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        skill = rng.choice(["same_skill", "related_skill"])
        shares = {skill: rng.choice([1.0, 0.8]), **{name: rng.random() for name in fitting.OTHERS}}
        chance = sum(truth.get(name, 0) * share for name, share in shares.items())
        out.append((shares, rng.random() < chance))
    return out


class TestFit:
    truth = {"same_skill": 0.3, "related_skill": 0.1, "free_hours": 0.4, "place": 0.2}

    def test_tells_better_than_the_priors_and_the_base_rate(self):
        found = fitting.fit(rows(self.truth))
        assert found.log_loss < found.prior_log_loss
        assert found.log_loss < found.base_log_loss
        assert all(abs(part["told"] - part["came"]) < 0.08 for part in found.calibration)
        assert found.values["free_hours"] > scoring.PRIOR["free_hours"] + 0.1

    def test_is_the_same_for_the_same_rows(self):
        some = rows(self.truth, 200)
        assert fitting.fit(some) == fitting.fit(some)

    def test_keeps_every_bound(self):
        found = fitting.fit(rows({"related_skill": 0.9, "room": 0.1}, 400)).values
        assert all(value >= 0 for value in found.values())
        assert found["related_skill"] <= found["same_skill"]
        assert max(found[name] for name in scoring.SKILL) + sum(found[name] for name in fitting.OTHERS) <= 1.0005

    @pytest.mark.parametrize("truth", [{"free_hours": 0.5, "two_way": 0.5}, {"same_skill": 0.3, "free_hours": 0.2}])
    def test_is_the_best_within_the_bounds(self, truth):
        some = rows(truth, 600)
        shares = np.array([[each.get(name, 0.0) for name in fitting.NAMES] for each, _good in some])
        good, prior = np.array([float(is_good) for _each, is_good in some]), fitting._prior()
        cost = lambda values: fitting._objective(values, shares, good, prior)  # noqa: E731
        room = {"type": "ineq", "fun": lambda values: fitting.MOST - fitting.PLANES @ values}
        other = minimize(cost, prior, method="SLSQP", constraints=[room], options={"maxiter": 1000, "ftol": 1e-12})
        assert cost(fitting._solve(shares, good)) <= other.fun + 0.01

    def test_stays_at_the_priors_with_next_to_nothing(self):
        found = fitting.fit(rows(self.truth, 3)).values
        assert all(abs(found[name] - prior) < 0.1 for name, prior in scoring.PRIOR.items())


class TestOutcomes:
    def test_an_answered_hello_is_a_good_one(self, pair, salma, yusuf, relay):
        lesson = lessons.say_hello(listing=pair[0], by=yusuf, body="مرحبا")
        relay()
        assert list(learning.outcomes()) == []  # it has time
        chat.send(conversation_id=lesson.conversation_id, sender=salma, client_id=uuid.uuid4(), body="أهلا")
        ((shares, is_good),) = learning.outcomes()
        assert is_good
        assert shares["same_skill"] > 0.8

    def test_silence_of_two_weeks_is_a_bad_one(self, pair, yusuf, relay):
        lessons.say_hello(listing=pair[0], by=yusuf, body="مرحبا")
        relay()
        Outcome.objects.update(at=timezone.now() - timedelta(days=15))
        assert [is_good for _shares, is_good in learning.outcomes()] == [False]

    def test_not_for_me_is_a_bad_one_and_counted_once(self, pair, yusuf, relay):
        for _ in range(2):
            matching.dismiss(person=yusuf, offer_id=pair[0].pk, wish_id=pair[1].pk)
            relay()
        assert [is_good for _shares, is_good in learning.outcomes()] == [False]

    def test_few_of_them_fit_nothing(self, db):
        with pytest.raises(SystemExit) as end:
            run("fit_matching")
        assert end.value.code == 1

    def test_a_fit_counts_only_once_accepted(self, pair, relay, monkeypatch):
        came = rows({"same_skill": 0.1, "related_skill": 0.1, "free_hours": 0.5}, 300)
        monkeypatch.setattr(learning, "outcomes", lambda: iter(came))
        before = Match.objects.get().score
        told = run("fit_matching")
        assert told["outcomes"] == Fit.objects.get().outcomes == 300
        assert told["log_loss"] < told["prior_log_loss"]
        matching.rematch()
        assert Match.objects.get().score == before
        assert state.weights().version == 0
        assert run("fit_matching", "--accept", str(told["fit"]))["accepted"] == told["fit"]
        relay()
        assert Match.objects.get().score < before
        run("fit_matching", "--accept", "prior")
        relay()
        assert Match.objects.get().score == before

    @pytest.mark.parametrize("name", ["x", "999999", "-1"])
    def test_an_unknown_fit_is_refused(self, db, name):
        with pytest.raises(SystemExit) as end:
            run("fit_matching", f"--accept={name}")
        assert end.value.code == 2


class TestFairness:
    def test_tells_no_small_group_even_by_subtraction(self):
        assert fairness.told_groups({"ar": 50, "en": 7, "fr": 2}) == {"ar"}
        assert fairness.told_groups({"ar": 50, "en": 7, "fr": 3, "ur": 4}) == {"ar", "en"}
        assert fairness.told_groups({"ar": 50, "en": 7}) == {"ar", "en"}

    def test_counts_exposure_and_matches(self, pair, make_offer, cast, relay):
        for person in cast.values():
            make_offer(person, "خياطة", ["rukn:sewing"])
        Profile.objects.update(age_band="65+")
        relay()
        told = run("fairness_report")
        assert told["age_band"]["65+"]["people"] == len(cast)
        assert told["age_band"]["65+"]["exposure"] == 1.0
        assert told["age_band"]["65+"]["matched"] == 1.0
        assert told["language"]["en"] is None

    def test_age_is_kept_and_never_shown(self, client_of, yusuf, salma):
        answers = {
            "name": "يوسف",
            "district": yusuf.district_id,
            "speaks": ["ar"],
            "max_learners": 2,
            "age_band": "18-24",
        }
        assert client_of(yusuf).post("/me/profile/", answers).status_code == 302
        assert Profile.objects.get(person=yusuf).age_band == "18-24"
        assert "18-24" not in client_of(salma).get(f"/people/{yusuf.pk}/").content.decode()
        accounts.change_profile(person=yusuf, age_band="")
