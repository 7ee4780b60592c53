"""Fine-tune a model on pairs with sentence-transformers' trainer, and keep what changed.

The loss is the symmetric one with in-batch negatives (Henderson et al. 2017, "Efficient Natural
Language Response Suggestion for Smart Reply"). Embeddings of word pieces stay as they are: words
that no occupation has keep their meaning.
"""

import tempfile
from collections.abc import Mapping, Sequence

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import DefaultBatchSampler
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch.utils.data import SequentialSampler

from models.adapter import ADD, DOWN, UP
from training.config import Config
from training.pairs import Pair, batches

FROZEN = "embeddings"
ROWS = 32  # texts of like length encoded together: half of a batch padded to its longest is padding


class SortedRankingLoss(MultipleNegativesRankingLoss):
    """The same loss over the same batch, which is encoded a few texts of like length at a time."""

    def forward(
        self, sentence_features: Sequence[Mapping[str, torch.Tensor]], labels: torch.Tensor
    ) -> torch.Tensor:
        embeddings = [self._embedded(features) for features in sentence_features]
        return self.compute_loss_from_embeddings(embeddings, labels)

    def _embedded(self, features: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Float, shape (n_texts, dimension)."""
        lengths = features["attention_mask"].sum(dim=1)
        order = torch.argsort(lengths)
        rows = [
            self.model(
                {
                    name: value[some, : int(lengths[some].max())]
                    if torch.is_tensor(value)
                    else value
                    for name, value in features.items()
                }
            )["sentence_embedding"]
            for some in order.split(ROWS)
        ]
        return torch.cat(rows)[torch.argsort(order)]


def fit(model: SentenceTransformer, pairs: Sequence[Pair], config: Config, seed: int) -> None:
    """Train `model` in place on one pass over `pairs`."""
    order = [place for batch in batches(pairs, config.batch, seed) for place in batch]
    data = Dataset.from_dict(
        {
            "goal": [pairs[place].goal for place in order],
            "passage": [pairs[place].passage for place in order],
        }
    )
    for name, weight in model.named_parameters():
        weight.requires_grad = FROZEN not in name
    longest, model.max_seq_length = model.max_seq_length, config.tokens
    loss = SortedRankingLoss(
        model,
        scale=config.scale,
        directions=("query_to_doc", "doc_to_query"),
        partition_mode="per_direction",
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            folder,
            num_train_epochs=1,
            per_device_train_batch_size=config.batch,
            learning_rate=config.rate,
            warmup_steps=config.warmup,
            weight_decay=config.decay,
            lr_scheduler_type="linear",
            seed=seed,
            batch_sampler=lambda dataset, **wanted: DefaultBatchSampler(
                SequentialSampler(dataset), **wanted
            ),
            use_cpu=not torch.cuda.is_available(),
            # About a third faster on processors that have it.
            bf16=not torch.cuda.is_available() or torch.cuda.is_bf16_supported(),
            logging_steps=10,
            save_strategy="no",
            report_to="none",
        )
        SentenceTransformerTrainer(model, arguments, train_dataset=data, loss=loss).train()
    model.max_seq_length = longest
    model.eval()


def mean(
    trained: Sequence[Mapping[str, torch.Tensor]],
) -> dict[str, torch.Tensor]:
    """The mean of the weights of several trainings from the same start.

    What one has by chance goes, what all have learnt stays (Wortsman et al. 2022, "Model soups").
    """
    return {
        name: sum((one[name].float() for one in trained), torch.zeros(())) / len(trained)
        for name in trained[0]
    }


def changes(
    plain: Mapping[str, torch.Tensor], trained: Mapping[str, torch.Tensor], rank: int, kept: float
) -> dict[str, torch.Tensor]:
    """What `models.adapter.add` makes of the plain weights: `kept` of the way to the trained ones.

    Matrices by their best approximation of `rank` (Eckart and Young 1936), all in float16.
    """
    found: dict[str, torch.Tensor] = {}
    for name, weight in trained.items():
        change = kept * (weight.float() - plain[name].float())
        if not change.any():
            continue
        if change.dim() == 1:
            found[name + ADD] = change.half()
            continue
        left, values, right = torch.linalg.svd(change, full_matrices=False)
        root = values[:rank].sqrt()
        found[name + UP] = (left[:, :rank] * root).half().contiguous()
        found[name + DOWN] = (root[:, None] * right[:rank]).half().contiguous()
    return found
