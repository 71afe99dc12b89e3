"""The pipelines of macros, evaluated by Helm: all that are asked for in one call, each once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from compiler import limits
from compiler.diagnostics import CompileError, Diagnostic, Position
from compiler.model.rendering import Evaluator


@dataclass(slots=True)
class Pipelines:
    """What Helm printed for each template, or the problem it had with it; and the templates that are still to do."""

    evaluate: Evaluator
    results: dict[str, str | Diagnostic] = field(default_factory=dict)  # by template
    wanted: dict[str, Position] = field(default_factory=dict)  # template -> where it is first used

    def result(self, template: str, at: Position) -> str | Diagnostic | None:
        """The result; None where it is not known yet, and then the template is evaluated by the next `run`."""
        known = self.results.get(template)
        if known is None:
            self.wanted.setdefault(template, at)
        return known

    def run(self) -> None:
        """Evaluates all templates that are wanted in one call. Raises CompileError where Helm fails as a whole.

        Helm stops at the first failure. That failure is a result too, and the rest is evaluated again, but not for
        ever: after `limits.PROBLEMS` failures the rest counts as failed.
        """
        failures = 0
        while self.wanted:
            templates = {f"macro {number}": template for number, template in enumerate(self.wanted)}
            try:
                rendered = self.evaluate(templates, {})
            except CompileError as error:
                failed = {d.at.path: d for d in error.diagnostics if d.at and d.at.path in templates}
                if not failed:  # nothing about the expressions: a worker timed out, say
                    at = next(iter(self.wanted.values()))
                    raise CompileError(replace(d, at=d.at or at) for d in error.diagnostics) from None
                for name, diagnostic in failed.items():
                    self.results[templates[name]] = diagnostic
                    del self.wanted[templates[name]]
                failures += len(failed)
                if failures >= limits.PROBLEMS:
                    self.results |= dict.fromkeys(self.wanted, next(iter(failed.values())))
                    self.wanted.clear()
                continue
            self.results.update((template, rendered[name]) for name, template in templates.items())
            self.wanted.clear()
