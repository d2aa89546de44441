"""LightGBM and Octroi score each other's models the same.

Usage: lightgbm_both_ways.py OCTROI

1. Models of each kind, trained by LightGBM on new made-up rows, are scored by
   `octroi model score`: margins to 1e-12, contributions to 1e-9.
2. One that has the portfolio's columns is imported and exported again: LightGBM loads the
   file that Octroi wrote and gives the same margins and contributions.
3. Models that Octroi trained on synthetic clients, boosting and scorecard, are exported;
   LightGBM and `octroi model score` give the same margins for the file.
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent / "fixtures" / "models"))
import make_lightgbm as made  # noqa: E402

OCTROI = Path(sys.argv[1]).resolve()
MARGIN, CONTRIBUTION = 1e-12, 1e-9
failures = 0


def octroi(home: Path, *arguments, fails: bool = False) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OCTROI_")}
    environment["OCTROI_HOME"] = str(home)
    ran = subprocess.run([OCTROI, *map(str, arguments)], env=environment, capture_output=True, text=True)
    if (ran.returncode != 0) != fails:
        sys.exit(f"octroi {' '.join(map(str, arguments))}:\n{ran.stdout}{ran.stderr}")
    return ran.stderr if fails else ran.stdout


def tell(what: str, ours: np.ndarray, theirs: np.ndarray, most: float) -> None:
    global failures
    largest = float(np.abs(ours - theirs).max())
    verdict = "ok" if largest < most else "DIFFERS"
    failures += verdict != "ok"
    print(f"{verdict:8} {largest:9.2e}  {what}")


def scored(home: Path, model: Path, rows: Path) -> np.ndarray:
    out = home / "out.csv"
    octroi(home, "model", "score", model, "--rows", rows, "--out", out, "--contributions", "path")
    return np.loadtxt(out, delimiter=",", skiprows=1, ndmin=2)


def compare(name: str, home: Path, model: Path, rows: Path, matrix, trees: int = 1) -> None:
    booster = lgb.Booster(model_file=model)
    ours = scored(home, model, rows)
    tell(f"{name}: margins", ours[:, 0], booster.predict(matrix, raw_score=True) / trees, MARGIN)
    tell(f"{name}: PDs", ours[:, 1], booster.predict(matrix), MARGIN)
    theirs = booster.predict(matrix, pred_contrib=True) / trees
    tell(f"{name}: contributions", ours[:, 2:], theirs, CONTRIBUTION)


def write_rows(frame: pd.DataFrame, path: Path) -> None:
    with open(path, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(frame.columns)
        for row in frame.itertuples(index=False):
            writer.writerow([v if isinstance(v, str) else made.text(v) for v in row])


def from_lightgbm(home: Path) -> None:
    for seed in (101, 102, 103):
        frame = made.population(seed)
        target = made.outcome(frame, seed)
        rows = made.hard_rows(frame)
        write_rows(rows, home / "rows.csv")
        codes = ["region", "occupation"]
        kinds = {
            "gbdt": {},
            "dart": {"boosting": "dart", "drop_rate": 0.4},
            "rf": {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
            "zero as missing": {"zero_as_missing": True},
            "no missing": {"use_missing": False},
            "255 leaves": {"num_leaves": 255, "min_data_in_leaf": 2},
            "sigmoid 2": {"sigmoid": 2.0},
        }
        for name, settings in kinds.items():
            booster = made.train(frame, target, 30, codes, **{"seed": seed, **settings})
            booster.save_model(home / "model.txt")
            trees = booster.num_trees() if name == "rf" else 1
            compare(f"{name} ({seed})", home, home / "model.txt", home / "rows.csv", rows, trees)


def there_and_back(home: Path) -> None:
    data = home / "data" / "default"
    octroi(home, "synth", "--clients", 600, "--seed", 5, "--out", data)
    fixture = made.HERE / "portfolio"
    octroi(home, "model", "import", fixture / "model.txt", "--portfolio", "home-credit", "--name", "elsewhere")
    written = home / "written.txt"
    octroi(home, "model", "export", "elsewhere@1", "--format", "lightgbm", "--out", written)
    booster, original = lgb.Booster(model_file=written), lgb.Booster(model_file=fixture / "model.txt")
    rows = pd.read_csv(fixture / "rows.csv")
    for column, levels in zip(["NAME_EDUCATION_TYPE", "CODE_GENDER"], original.pandas_categorical):
        rows[column] = pd.Categorical(rows[column], categories=levels)
    assert booster.pandas_categorical == original.pandas_categorical, "levels are written"
    for kind in ({"raw_score": True}, {"pred_contrib": True}, {}):
        ours, theirs = booster.predict(rows, **kind), original.predict(rows, **kind)
        tell(f"imported and exported: {kind or 'PDs'}", ours, theirs, MARGIN)


def from_octroi(home: Path, kind: str) -> None:
    octroi(home, "train", "--quick", "--candidates", kind, "--data", home / "data" / "default", "--model", kind, "--quiet")
    written = home / f"{kind}.txt"
    octroi(home, "model", "export", f"{kind}@1", "--format", "lightgbm", "--out", written)
    booster = lgb.Booster(model_file=written)
    rng = np.random.default_rng(9)
    matrix = rng.normal(0, 1, (200, booster.num_feature())) * rng.choice([1, 100, 1e5], (200, 1))
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    for column, levels in zip(categories(written), booster.pandas_categorical):
        matrix[:, column] = rng.integers(0, len(levels), 200)
    rows = pd.DataFrame(matrix, columns=booster.feature_name())
    write_rows(rows, home / "rows.csv")
    ours = scored(home, written, home / "rows.csv")
    tell(f"{kind} trained here: margins", ours[:, 0], booster.predict(matrix, raw_score=True), MARGIN)
    if kind == "scorecard":
        return  # LightGBM divides by the training rows of each bin, and a bin may have none.
    theirs = booster.predict(matrix, pred_contrib=True)
    tell(f"{kind} trained here: contributions", ours[:, 2:], theirs, CONTRIBUTION)


def categories(model: Path) -> list[int]:
    line = next(line for line in model.read_text().splitlines() if line.startswith("[categorical_feature: "))
    return [int(column) for column in line.removeprefix("[categorical_feature: ").rstrip("]").split(",") if column]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        from_lightgbm(home)
        there_and_back(home)
        for kind in ("boosting", "scorecard"):
            from_octroi(home, kind)
    sys.exit(f"{failures} comparisons differ" if failures else 0)


if __name__ == "__main__":
    main()
