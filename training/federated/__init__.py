"""Sites that train together while their texts stay where they are."""

from training.federated.sites import federated as federated
