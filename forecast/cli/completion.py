"""Completion for shells, made from the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")


def completion_script(top: argparse.ArgumentParser, shell: str) -> str:
    """Return a script that completes commands, options and their words; file names otherwise.

    Parameters
    ----------
    top
        The parser of the whole command line.
    shell
        bash, zsh or fish.
    """
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](top)


def commands_of(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command by its name."""
    found = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return dict(found.choices)


def _words(parser: argparse.ArgumentParser) -> list[str]:
    """Options of a command, and the words that one of its arguments may be."""
    options = [option for action in parser._actions for option in action.option_strings]
    fixed = [str(word) for action in parser._actions if not action.option_strings for word in action.choices or ()]
    return [*options, *fixed]


def _choices(parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    """Options that take one of a few words, with the words."""
    for action in parser._actions:
        for option in action.option_strings if action.choices else ():
            yield option, [str(word) for word in action.choices or ()]


def _bash(top: argparse.ArgumentParser) -> str:
    commands = commands_of(top)
    cases = [f"    {name}) words={_quoted(_words(parser))} ;;" for name, parser in commands.items()]
    after = {option: words for parser in commands.values() for option, words in _choices(parser)}
    choices = [f"    {option}) words={_quoted(words)} ;;" for option, words in after.items()]
    return "\n".join(
        [
            '# bash completion for forecast; put into ~/.bashrc:  eval "$(forecast completion bash)"',
            "_forecast() {",
            '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words',
            '  if [ "$COMP_CWORD" -eq 1 ]; then',
            f"    words={_quoted([*commands, '--help', '--version'])}",
            '  else case "${COMP_WORDS[1]}" in',
            *cases,
            "  esac; fi",
            '  case "$before" in',
            *choices,
            "  esac",
            '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
            '  if [ "$COMP_CWORD" -gt 1 ] && [ "${current#-}" = "$current" ]; then',
            '    COMPREPLY+=($(compgen -f -- "$current"))',
            "  fi",
            "}",
            "complete -o filenames -F _forecast forecast",
            "",
        ]
    )


def _zsh(top: argparse.ArgumentParser) -> str:
    cases = [f"    {name}) compadd -- {' '.join(_words(parser))} ;;" for name, parser in commands_of(top).items()]
    return "\n".join(
        [
            "#compdef forecast",
            '# zsh completion for forecast; put into ~/.zshrc:  eval "$(forecast completion zsh)"',
            "_forecast() {",
            "  if (( CURRENT == 2 )); then",
            f"    compadd -- {' '.join([*commands_of(top), '--help', '--version'])}",
            "    return",
            "  fi",
            '  case "$words[2]" in',
            *cases,
            "  esac",
            "  _files",
            "}",
            "compdef _forecast forecast",
            "",
        ]
    )


def _fish(top: argparse.ArgumentParser) -> str:
    lines = ["# fish completion for forecast; put into ~/.config/fish/completions/forecast.fish"]
    for name, parser in commands_of(top).items():
        text = (parser.description or "").replace("'", "")
        lines.append(f"complete -c forecast -n __fish_use_subcommand -a {name} -d '{text}'")
        seen = f"'__fish_seen_subcommand_from {name}'"
        choices = dict(_choices(parser))
        for word in _words(parser):
            kind = (
                f"-l {word.removeprefix('--')}"
                if word.startswith("--")
                else f"-s {word[1:]}"
                if word.startswith("-")
                else f"-a {word}"
            )
            few = f" -x -a '{' '.join(choices[word])}'" if word in choices else ""
            lines.append(f"complete -c forecast -n {seen} {kind}{few}")
    return "\n".join([*lines, ""])


def _quoted(words: list[str]) -> str:
    return f'"{" ".join(words)}"'
