"""Prove the encoder's wiring: Spearman's rho on the STS-B test set, beside the published one."""

import argparse
import csv
from pathlib import Path

import numpy as np
from machine import stamp
from scipy.stats import spearmanr

from models.encoder import SentenceTransformerEncoder

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
    encoder = SentenceTransformerEncoder()
    one = encoder.encode_passages([row["sentence1"] for row in rows])
    two = encoder.encode_passages([row["sentence2"] for row in rows])
    cosines = np.einsum("ij,ij->i", one, two)
    rho = spearmanr(cosines, [float(row["score"]) for row in rows]).statistic
    OUT.write_text(
        f"# The encoder\n\n{stamp()}\n\nMade by `make bench-encoder JUDGED=FOLDER`, where FOLDER "
        f"holds `stsb_test.tsv`.\n\n"
        f"| encoder | pairs | Spearman here | Spearman published |\n|---|---|---|---|\n"
        f"| {encoder.space_id} ({encoder.runtime_id}) | {len(rows):,} | {rho:.4f} "
        f"| {PUBLISHED:.3f} |\n",
        encoding="utf-8",
    )
    print(OUT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
