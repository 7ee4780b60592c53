"""Pictures of the page as small PNG files: a phone beside a desktop, in 256 colours."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

MOST_COLOURS = 256
BETWEEN = 24  # pixels from one picture to the next

# Chromium reads its own pictures; nothing else here would have to.
SIDE_BY_SIDE = """async ({pictures, between}) => {
  const read = (one) => fetch('data:image/png;base64,' + one).then(a => a.blob());
  const images = await Promise.all(pictures.map(async one => createImageBitmap(await read(one))));
  const width = images.reduce((sum, one) => sum + one.width + between, -between);
  const height = Math.max(...images.map(one => one.height));
  const canvas = new OffscreenCanvas(width, height);
  const paper = canvas.getContext('2d');
  paper.fillStyle = '#d9d9d9';
  paper.fillRect(0, 0, width, height);
  let left = 0;
  for (const one of images) { paper.drawImage(one, left, 0); left += one.width + between; }
  const blob = new Blob([paper.getImageData(0, 0, width, height).data]);
  const text = await new Promise(done => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });
  return [width, height, text.slice(text.indexOf(',') + 1)];
}"""


def side_by_side(blank, pictures: list[bytes]) -> bytes:
    """PNG pictures from left to right as one; `blank` is a page to do it in."""
    texts = [base64.b64encode(one).decode() for one in pictures]
    width, height, pixels = blank.evaluate(SIDE_BY_SIDE, {"pictures": texts, "between": BETWEEN})
    rgba = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8).reshape(height, width, 4)
    return small_png(rgba[:, :, :3])


def small_png(rgb: NDArray[np.uint8]) -> bytes:
    """A picture, uint8 of shape (height, width, 3), with its colours made few."""
    height, width, _ = rgb.shape
    packed = rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    codes, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16 & 255, codes >> 8 & 255, codes & 255], axis=1).astype(float)
    box_of = _boxes(colours, counts)
    palette = np.stack(
        [_middle(colours[box_of == box], counts[box_of == box]) for box in range(box_of.max() + 1)]
    )
    rows = box_of[where].astype(np.uint8).reshape(height, width)
    lines = np.hstack([np.zeros((height, 1), dtype=np.uint8), rows])
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _boxes(colours: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of at most 256 boxes each colour is in: the widest is halved until there are enough."""
    box_of = np.zeros(len(colours), dtype=np.int64)
    boxes = [np.arange(len(colours))]
    while len(boxes) < MOST_COLOURS:
        widths = [np.ptp(colours[box], axis=0).max() * np.log1p(counts[box].sum()) for box in boxes]
        widest = int(np.argmax(widths))
        if widths[widest] == 0:
            break
        box = boxes[widest]
        axis = int(np.argmax(np.ptp(colours[box], axis=0)))
        middle = (colours[box, axis].min() + colours[box, axis].max()) / 2
        boxes[widest] = box[colours[box, axis] <= middle]
        boxes.append(box[colours[box, axis] > middle])
    for number, box in enumerate(boxes):
        box_of[box] = number
    return box_of


def _middle(colours: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The colour of a box: that of most of its pixels, as grounds are, else the mean."""
    most = int(counts.argmax())
    if 2 * counts[most] > counts.sum():
        return np.asarray(colours[most])
    return np.round(np.average(colours, axis=0, weights=counts))


def _chunk(kind: bytes, content: bytes) -> bytes:
    summed = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", summed)
