"""The outside: the only modules that touch disk, network, processes, git and the clock."""
