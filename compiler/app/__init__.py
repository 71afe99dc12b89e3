"""The composition of the stages: pipeline, schedule, the session of a run, publishing, comparing."""
