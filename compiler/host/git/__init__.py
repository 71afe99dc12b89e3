"""Git: the one package that talks to it, by GitPython. Reading never runs anything that a repository configures.

Of GitPython the part is used that starts git, feeds and reads its pipes, kills it in time and ends it with its owner
(`git.Git.execute`, `AutoInterrupt`; see `command`). What git says is read here, not by GitPython's Repo, Commit, Tree
and Blob, because these are not as exact or as safe:

- they know SHA-1 only: in a repository of SHA-256 `Repo.commit("HEAD")` resolves to nothing;
- they read refs as files, and so see none in a repository with reftables;
- they open a repository of another user, which git refuses (safe.directory), and fail later, with a ValueError;
- they parse .git/config on their own and start git without our switches, so that hooks, filters, an fsmonitor and a lazy
  fetch, which a repository configures, would run (`Repo.is_dirty`, `Index.commit`, `Repo.index`);
- a tree costs one question to `cat-file` for each directory, here one `ls-tree` for all.
"""

from compiler.host.git.commit import commit_tree
from compiler.host.git.push import push
from compiler.host.git.repository import Repository
from compiler.host.git.revision import CommitFiles

__all__ = ["CommitFiles", "Repository", "commit_tree", "push"]
