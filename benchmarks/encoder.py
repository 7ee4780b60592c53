"""Prove the encoders' wiring, and that general language is not forgotten.

Spearman's rho of cosines and human scores on the STS-B test set, for the plain model beside the
published figure, and for the default one that was trained from it.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from machine import stamp
from scipy.stats import spearmanr

from models.encoder import SentenceTransformerEncoder
from models.weights import CAREERS_MODEL, PLAIN_MODEL

PUBLISHED = 0.820  # all-MiniLM-L6-v2, STSBenchmark test, public results table of the MTEB project
OUT = Path(__file__).parent / "encoder.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stsb", type=Path, required=True, help="TSV: genre, score, two sentences")
    path = parser.parse_args().stsb
    if not path.is_file():
        parser.exit(message=f"Skipped: there is no {path}; name the STS-B test set with --stsb.\n")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    scores = [float(row["score"]) for row in rows]
    lines = []
    for model, published in ((PLAIN_MODEL, f"{PUBLISHED:.3f}"), (CAREERS_MODEL, "")):
        encoder = SentenceTransformerEncoder(model)
        one = encoder.encode_passages([row["sentence1"] for row in rows])
        two = encoder.encode_passages([row["sentence2"] for row in rows])
        rho = spearmanr(np.einsum("ij,ij->i", one, two), scores).statistic
        named = f"{encoder.space_id} ({encoder.runtime_id})"
        lines.append(f"| {named} | {len(rows):,} | {rho:.4f} | {published} |\n")
    OUT.write_text(
        f"# The encoder\n\n{stamp()}\n\nMade by `make bench-encoder JUDGED=FOLDER`, where FOLDER "
        f"holds `stsb_test.tsv`. {' '.join(__doc__.split())}\n\n"
        f"| encoder | pairs | Spearman here | Spearman published |\n|---|---|---|---|\n"
        + "".join(lines),
        encoding="utf-8",
    )
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
