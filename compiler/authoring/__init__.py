"""What a pack's author does with it: a scaffold, checks, tests, an image list."""
