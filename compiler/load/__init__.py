"""Input text to `model.Source`, reporting every problem of every file at once."""
