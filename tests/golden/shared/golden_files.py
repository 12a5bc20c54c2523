"""What generators share: where their files go, how numbers become text, and how two files compare.

Speaks Python 3.7 and now. As a script it compares files of two folders:

    python golden_files.py COMMITTED NEW FILE...
"""

import json
import pathlib
import sys

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[1]
# Kernels of other processors round differently.
TOLERANCE = 1e-5


def target(name):
    """Returns the path to write `name` at: in the folder that the command line names, or beside the others."""
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN
    return folder / name


def plain(value, digits=6):
    """Returns an array as rounded numbers in lists, for JSON."""
    return np.round(np.asarray(value, "float64"), digits).tolist()


def write_text(name, text):
    target(name).write_text(text)


def write_json(name, content, **options):
    """Writes indented JSON."""
    write_text(name, json.dumps(content, indent=1, **options) + "\n")


def write_cases(name, cases, default=None):
    """Writes a dict of cases as JSON with one line for each, so that a difference names its case."""
    lines = [
        f"{json.dumps(case)}: {json.dumps(cases[case], sort_keys=True, default=default)}" for case in sorted(cases)
    ]
    write_text(name, "{" + ",\n".join(lines) + "}\n")


def write_arrays(name, arrays):
    """Writes a dict of arrays as npz."""
    np.savez_compressed(str(target(name)), **arrays)


def differences(committed, new):
    """Yields (where, difference) for two contents: of numbers the distance, infinite for all else."""
    if isinstance(committed, dict) and isinstance(new, dict):
        for key in sorted(set(committed) | set(new)):
            if key not in committed or key not in new:
                yield key, float("inf")
            else:
                for where, difference in differences(committed[key], new[key]):
                    yield (key + " / " + where if where else key), difference
    elif _as_numbers(committed) is not None and _as_numbers(new) is not None:
        yield "", _distance(_as_numbers(committed), _as_numbers(new))
    elif isinstance(committed, list) and isinstance(new, list) and len(committed) == len(new):
        for index, pair in enumerate(zip(committed, new)):
            for where, difference in differences(*pair):
                yield f"{index} / {where}" if where else str(index), difference
    else:
        yield "", 0.0 if committed == new else float("inf")


def _as_numbers(value):
    """Returns an array of numbers, or None."""
    if isinstance(value, (str, dict, type(None))):
        return None
    try:
        array = np.asarray(value, dtype=None if isinstance(value, np.ndarray) else "float64")
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "biuf" else None


def _distance(committed, new):
    if committed.shape != new.shape:
        return float("inf")
    committed, new = committed.astype("float64"), new.astype("float64")
    with np.errstate(invalid="ignore"):
        apart = np.abs(committed - new) / (1.0 + np.abs(committed))
    same = (committed == new) | (np.isnan(committed) & np.isnan(new))
    apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    return float(apart.max()) if apart.size else 0.0


def read(path):
    """Returns the content of a golden file as a dict."""
    if path.suffix == ".npz":
        with np.load(str(path)) as arrays:
            return {key: arrays[key] for key in arrays.files}
    if path.suffix == ".index":
        return _checkpoint(path.with_suffix(""))
    if path.suffix.startswith(".data-"):
        return {}  # The index file's turn reads both.
    return json.loads(path.read_text())


def _checkpoint(path):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def main(committed, new, *names):
    """Prints a line for each file; returns 1 if one differs."""
    bad = 0
    for name in names:
        paths = [pathlib.Path(folder, name) for folder in (committed, new)]
        found = [] if paths[0].exists() else [("not committed yet", float("inf"))]
        found = found or list(differences(*map(read, paths)))
        largest = max([difference for _, difference in found] + [0.0])
        far = [f"{where} ({difference:.2g})" for where, difference in found if difference > TOLERANCE]
        bad += bool(far)
        print("{}: {}, largest difference {:.2g}".format(name, "DIFFERS" if far else "same", largest))
        for line in far[:20]:
            print("    " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
