"""txtai with whole profiles, in its own environment (`make txtai`), served by its own API.

    python peer_txtai.py index FOLDER      FOLDER/passages.jsonl: {"mentor", "text"} a line
    python peer_txtai.py serve FOLDER --port N

The model is the folder in PEER_MODEL. Nothing of this project is imported.
"""

import json
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # read when txtai is imported


def index(folder: Path) -> None:
    import txtai

    with (folder / "passages.jsonl").open(encoding="utf-8") as lines:
        profiles = [json.loads(line) for line in lines]
    embeddings = txtai.Embeddings(path=os.environ["PEER_MODEL"], content=True, gpu=False)
    embeddings.index((one["mentor"], one["text"], None) for one in profiles)
    embeddings.save(str(folder / "txtai"))


def serve(folder: Path, port: int) -> None:
    config = folder / "txtai.json"  # JSON is YAML
    model = {"path": os.environ["PEER_MODEL"], "content": True}
    config.write_text(json.dumps({"path": str(folder / "txtai"), "embeddings": model}))
    os.environ["CONFIG"] = str(config)

    import uvicorn

    uvicorn.run("txtai.api:app", port=port, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1] == "index":
        index(Path(sys.argv[2]))
    else:
        serve(Path(sys.argv[2]), int(sys.argv[4]))
