"""The outside: the only modules that use the disk, the network, processes, git and the clock."""
