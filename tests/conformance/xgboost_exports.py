"""Loads in XGBoost what this project writes for it, and compares margins and contributions.

    cargo test --profile demo -p octroi-model-registry --test xgboost_export
    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install -r tests/fixtures/models/requirements.txt
    /tmp/venv/bin/python tests/conformance/xgboost_exports.py target/tmp/xgboost-exports

The argument may also be the built `octroi`, as `tests/conformance/run` gives it: the exports
are then those in the target folder it is in.

Each folder has `model.json`, `rows.csv`, and in `expected.csv` our margin, one contribution
per feature and the bias. XGBoost adds in float32: 1e-5 of the larger of one and the value.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

TOLERANCE = 1e-5


def difference(folder: Path) -> tuple[float, float]:
    booster = xgb.Booster(model_file=folder / "model.json")
    rows = pd.read_csv(folder / "rows.csv").to_numpy(dtype=float)
    expected = pd.read_csv(folder / "expected.csv").to_numpy(dtype=float)
    matrix = xgb.DMatrix(
        rows,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
    )
    margin = booster.predict(matrix, output_margin=True)
    probability = booster.predict(matrix)
    contributions = booster.predict(matrix, pred_contribs=True)
    assert np.allclose(probability, 1 / (1 + np.exp(-expected[:, 0])), rtol=0, atol=TOLERANCE)
    scale = np.maximum(1, np.abs(expected))
    return (
        float(np.max(np.abs(margin - expected[:, 0]) / scale[:, 0])),
        float(np.max(np.abs(contributions - expected[:, 1:]) / scale[:, 1:])),
    )


def main() -> int:
    given = Path(sys.argv[1])
    exports = given.resolve().parent.parent / "tmp" / "xgboost-exports" if given.is_file() else given
    folders = sorted(path.parent for path in exports.glob("*/model.json"))
    if not folders:
        print(f"no exports in {exports}: run the test that writes them first (see the script)")
        return 1
    failed = 0
    print(f"XGBoost {xgb.__version__}, {len(folders)} exports")
    for folder in folders:
        margin, contributions = difference(folder)
        fails = max(margin, contributions) > TOLERANCE
        failed += fails
        print(f"{'FAILS' if fails else 'ok':5} {folder.name}: margin {margin:.1e}, contributions {contributions:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
