"""Git: the one package that talks to it, by GitPython. Reading never runs anything that a repository configures."""

from compiler.host.git.commit import commit_tree
from compiler.host.git.push import push
from compiler.host.git.repository import Repository
from compiler.host.git.revision import CommitFiles

__all__ = ["CommitFiles", "Repository", "commit_tree", "push"]
