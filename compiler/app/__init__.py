"""What composes the stages: the pipeline, its schedule, a run's session, publishing, comparing."""
