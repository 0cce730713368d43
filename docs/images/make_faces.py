"""Draw the contact sheet in the README: the demo's sixteen faces, two rows of eight (`make pictures`)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

_COLUMNS, _ROWS = 8, 2
_FACE = 200
_LARGEST_BYTES = 200_000


def main(target: Path) -> None:
    """Run the demo in a folder of its own, with simulated providers whatever keys are set; write *target*."""
    ours = ("RETRATO_", "HUGGINGFACE_", "HF_", "POLLINATIONS_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with tempfile.TemporaryDirectory(prefix="retrato-faces-") as folder:
        subprocess.run(  # noqa: S603 - our own command, no foreign words
            [Path(sys.executable).with_name("retrato"), "demo", "--once", "--pace", "0"],
            env={**environment, "RETRATO_DATA_DIR": folder, "RETRATO_CONSOLE_PORT": "0"},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        pictures = sorted(Path(folder, "avatars").glob("*/*/v1-*.jpg"))
        faces = [path for path in pictures if not path.stem.endswith("_thumb")]
        _sheet(faces).save(target, "JPEG", quality=85, optimize=True, progressive=True)
    size = target.stat().st_size
    print(f"{target}: {len(faces)} faces, {size} bytes")  # noqa: T201
    if len(faces) != _COLUMNS * _ROWS or size > _LARGEST_BYTES:
        sys.exit(f"wanted {_COLUMNS * _ROWS} faces in at most {_LARGEST_BYTES} bytes")


def _sheet(faces: list[Path]) -> Image.Image:
    sheet = Image.new("RGB", (_COLUMNS * _FACE, _ROWS * _FACE))
    for number, path in enumerate(faces[: _COLUMNS * _ROWS]):
        row, column = divmod(number, _COLUMNS)
        with Image.open(path) as face:
            sheet.paste(face.resize((_FACE, _FACE), Image.Resampling.LANCZOS), (column * _FACE, row * _FACE))
    return sheet


if __name__ == "__main__":
    main(Path(sys.argv[1]))
