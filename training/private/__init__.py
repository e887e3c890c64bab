"""Training that is differentially private: settings, noise, the engine, and what of a budget is spent."""
