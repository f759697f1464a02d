"""A bundle: all that a checkpoint holds of some lots, to be judged again by a stranger.

One zip. `manifest` and `lines` are its form, `zipread` and `zipwrite` its bytes;
`verify` reads it once in numbered steps, `build` writes it from plain data. The
builder half (`build`, `share`, `zipwrite`) is imported by no verifier.
"""
