"""How fast the product fills an index, beside the client's `parallel_bulk` fed with the same documents ready-made.

    ELASTICSEARCH_URL=… DATABASE_URL=… python benchmarks/index_rate.py [--rounds 2]

Both fill new indices of the product's own shape with every listing of the database, A B B A. The product reads rows,
builds documents and notes its progress; the reference only sends. Prints JSON; exit status 1 under 0.4.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
GOAL = 0.4


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="blocks of A B B A")
    asked = parser.parse_args()
    from benchmarks.surroundings import start

    start()
    from django.utils import timezone
    from elasticsearch import helpers

    from search import document
    from search.backends import elastic_index as index
    from search.backends import elastic_rebuild as rebuilding
    from search.models import IndexBuild

    bodies = [(str(each.listing_id), each.version, index.source(each)) for chunk in document.read() for each in chunk]
    made: list[str] = []

    def fresh() -> str:
        name = index.name_at(timezone.now())
        index.create(name)
        made.append(name)
        return name

    def reference() -> None:
        name = fresh()
        actions = (
            {"_index": name, "_id": key, "version": version, "version_type": "external_gte", "_source": body}
            for key, version, body in bodies
        )
        for is_taken, answer in helpers.parallel_bulk(index.client(), actions, thread_count=4, chunk_size=500):
            assert is_taken, answer  # noqa: S101

    def product() -> None:
        name = fresh()
        build = IndexBuild.objects.create(name=name, shape=index.shape_mark())
        rebuilding._fill(build, None)
        build.delete()

    def timed(act: Any) -> dict[str, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    blocks = []
    try:
        reference()
        for _ in range(asked.rounds):
            one, two, three, four = (timed(act) for act in (product, reference, reference, product))
            blocks.append({"product": [one, four], "reference": [two, three]})
        for name in made[-2:]:
            index.client().indices.refresh(index=name)
        counts = {index.client().count(index=name)["count"] for name in made[-2:]}
    finally:
        for name in made:
            index.client().indices.delete(index=name, ignore_unavailable=True)

    def ratio(block: dict[str, Any], what: str) -> float:
        return sum(each[what] for each in block["reference"]) / sum(each[what] for each in block["product"])

    rates = sorted(ratio(block, "seconds") for block in blocks)
    told = {
        "listings": len(bodies),
        "counts_agree": counts == {len(bodies)},
        "product_per_second": round(len(bodies) / median(e["seconds"] for b in blocks for e in b["product"])),
        "reference_per_second": round(len(bodies) / median(e["seconds"] for b in blocks for e in b["reference"])),
        "rate_ratio": round(median(rates), 3),
        "rate_ratio_worst": round(rates[0], 3),
        "cpu_ratio": round(1 / median(ratio(block, "cpu") for block in blocks), 2),
        "goal": GOAL,
    }
    told["ok"] = told["counts_agree"] and told["rate_ratio_worst"] >= GOAL
    print(json.dumps(told, indent=1))
    return 0 if told["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
