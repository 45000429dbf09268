"""What verbs other than a run of a watershed do: files in, files out."""
