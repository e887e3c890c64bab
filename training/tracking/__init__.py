"""What a run tells while it learns, as curves for other programs: TensorBoard and MLflow."""
