"""State of an unfinished training run, stored after each epoch in safetensors."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from explanations.classifier.checkpoint import CheckpointError
from explanations.store.atomic_files import write_atomically


class TrainingState:
    """Weights, optimiser moments and history of a run that ``identity`` describes."""

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path = path
        self.identity = json.dumps(identity, sort_keys=True)
        self.seconds = 0.0  # spent on the stored epochs, over all sessions

    def store(
        self,
        network: nn.Module,
        optimiser: torch.optim.Optimizer,
        history: list[dict[str, Any]],
        seconds: float,
    ) -> None:
        """Write the state after an epoch. ``seconds`` is the training time so far."""
        tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
        for index, moments in optimiser.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"optimiser.{index}.{name}"] = value
        plain = {name: value.cpu().contiguous() for name, value in tensors.items()}
        metadata = {
            "identity": self.identity,
            "history": json.dumps(history),
            "seconds": repr(seconds),
        }
        write_atomically(self.path, save(plain, metadata))

    def restore(self, network: nn.Module, optimiser: torch.optim.Optimizer) -> list[dict[str, Any]]:
        """Load the stored state into network and optimiser. Return the history, which is empty for
        a new run.

        Raises CheckpointError for an unreadable file, and for the state of another run.
        """
        if not self.path.exists():
            return []
        try:
            with safe_open(self.path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise CheckpointError(
                f"The interrupted run in {self.path.name} cannot be read ({error}). "
                "Delete the file to start again."
            ) from error
        if metadata.get("identity") != self.identity:
            raise CheckpointError(
                f"{self.path.name} belongs to a run with another recipe, seed or data, "
                "or of another network or other starting weights. "
                "Delete it to start again, or choose another --output."
            )
        network.load_state_dict(
            {
                name.removeprefix("network."): value
                for name, value in tensors.items()
                if name.startswith("network.")
            }
        )
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, index, key = name.split(".", 2)
                state.setdefault(int(index), {})[key] = value
        # The groups contain only settings, which the identity has already checked.
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.seconds = float(metadata["seconds"])
        history: list[dict[str, Any]] = json.loads(metadata["history"])
        return history
