"""Source to plan: versions chosen, values merged, variables and macros substituted. Nothing is left to choose after it."""
