"""The only package that uses git, through GitPython. Reading never runs anything that a repository configures.

GitPython starts git (`git.Git.execute`; see `command`). Git's output is parsed here and not by GitPython's Repo, Commit,
Tree and Blob, because these are less exact and less safe:

- they know only SHA-1: in a SHA-256 repository `Repo.commit("HEAD")` resolves to nothing;
- they read refs as files, so they see none in a repository with reftables;
- they open another user's repository, which git refuses (safe.directory), and fail later with a ValueError;
- they parse .git/config themselves and start git without our switches, so hooks, filters, an fsmonitor and a lazy fetch
  that a repository configures would run (`Repo.is_dirty`, `Index.commit`, `Repo.index`);
- they ask `cat-file` once for each directory of a tree; here one `ls-tree` lists it all.
"""

from compiler.host.git.command import redact
from compiler.host.git.commit import commit_tree
from compiler.host.git.publications import Checkout, check_sources, is_pushed
from compiler.host.git.push import push
from compiler.host.git.remote import RemoteRepositories
from compiler.host.git.repository import Repository
from compiler.host.git.revision import CommitFiles

__all__ = [
    "Checkout",
    "CommitFiles",
    "RemoteRepositories",
    "Repository",
    "check_sources",
    "commit_tree",
    "is_pushed",
    "push",
    "redact",
]
