"""The `paperboy` command. It parses, calls and prints; each group of commands has a module, loaded when it is used."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from bot import __version__
from config.settings import InvalidSettings, Settings
from digest.errors import PaperboyError, UsageError
from digest.text.valid import valid, valid_text

DONE, FAILED, USAGE, PARTIAL = 0, 1, 2, 3

# Name of a command -> the module that has it, as an attribute of the same name, and what `paperboy --help` says of it.
_COMMANDS = {
    "demo": ("bot.cli_demo", "See it work: a sample day, no account, no network."),
    "digest": ("bot.cli_digest", "Make a day's digest and print it."),
    "paper": ("bot.cli_lookup", "The report on one paper, or one section of it."),
    "papers": ("bot.cli_lookup", "Stored papers: the newest day's, or those that hold some words."),
    "read": ("bot.cli_digest", "What the readers make of a paper or of a saved page."),
    "check": ("bot.cli_check", "Which figures and names of reports stand in their papers, and where."),
    "import": ("bot.cli_files", "Store the reports of a Markdown day report."),
    "export": ("bot.cli_files", "Write a stored day as Markdown or JSON."),
    "deliver": ("bot.cli_deliver", "Post a stored day to its channels; it can be stopped and run again."),
    "run": ("bot.cli_run", "The bot: delivers what is pending, and answers in chat."),
    "status": ("bot.cli_status", "Days, deliveries, what went wrong and what to do."),
    "why": ("bot.cli_status", "Why a paper was delivered to a destination, or was not."),
    "correct": ("bot.cli_correct", "Correct a section of a report, and every message that shows it."),
    "withdraw": ("bot.cli_correct", "Withdraw the reports on a paper, wherever they were posted."),
    "reinstate": ("bot.cli_correct", "Undo a withdrawal: every copy shows the report again."),
    "dismiss": ("bot.cli_correct", "Dismiss a reported mistake: the report stays as it is."),
    "resume": ("bot.cli_status", "Post to a parked destination again."),
    "resolve": ("bot.cli_status", "Settle a delivery of which nobody knows whether it arrived."),
    "cost": ("bot.cli_cost", "What the model has cost, by day, report and purpose."),
    "slack-manifest": ("bot.cli_run", "What to paste where Slack makes an app."),
    "discord-invite": ("bot.cli_run", "The address at which the bot is added to a Discord server."),
    "doctor": ("bot.cli_doctor", "Check settings, store and endpoints, and say what to do."),
}


class _LazyGroup(click.Group):
    """Knows every command by name, and imports only the one that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = getattr(import_module(_COMMANDS[cmd_name][0]), f"{cmd_name.replace('-', '_')}_command")
        for parameter in command.params:
            if parameter.type is click.STRING:  # of a file's name every byte counts
                parameter.type = ValidText()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """As click's, but done when a reader such as `head` has seen enough: click and rich would exit with 1."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, SystemExit) as error:
            if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
                raise
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Your settings file.", envvar="PAPERBOY_CONFIG")
@click.option("--debug", is_flag=True, help="Log everything, and show the traceback of an error.")
@click.version_option(__version__, prog_name="paperboy")
@click.pass_context
def paperboy(ctx: click.Context, config: Path | None, debug: bool) -> None:
    """Each morning's Hugging Face papers, read in full and reported in five sections.

    Begin with: paperboy demo
    """
    ctx.obj = Options(config, debug)


class Options:
    """What stands before the command: which settings, how much to tell of errors."""

    def __init__(self, config: Path | None, debug: bool) -> None:
        self.config = config
        self.debug = debug

    def settings(self) -> Settings:
        """Raises InvalidSettings."""
        from msgspec.structs import replace

        from config.settings import load

        paths = ("PAPERBOY_STORE__PATH", "PAPERBOY_LLM__API_KEY_FILE")  # of which every byte counts
        settings = load(
            self.config, {name: value if name in paths else valid_text(value) for name, value in os.environ.items()}
        )
        return replace(valid(settings), store=settings.store)  # a path, of which every byte counts

    def start_logging(self, settings: Settings) -> None:
        """Not done for look-ups, which log nothing and cannot spare the time."""
        from bot import log

        tokens = [settings.slack.bot_token, settings.slack.app_token, settings.discord.token]
        log.set_up(debug=self.debug, secrets=[settings.llm.api_key, *tokens])


def counted(number: int, noun: str) -> str:
    """`1 paper`, `2 papers`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def dressed() -> bool:
    """Whether what is printed may be bold and coloured: on a terminal that knows how, unless NO_COLOR is set.

    https://no-color.org; TERM=dumb is a terminal without any such ability.
    """
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


class ValidText(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """What people type as text, made valid: a shell passes any bytes but NUL."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        return valid_text(str(value))


class LanguageTag(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """A language as people write it; one that has fixed texts of its own is known by its first part: zh-CN is zh."""

    name = "language"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from bot.compose import LANGUAGES

        tag = str(value).strip().lower()
        first, *others = tag.split("-")
        if not 2 <= len(first) <= 3 or not all(part.isascii() and part.isalnum() for part in (first, *others)):
            self.fail(f'"{tag[:40]}" is not a language. Languages are written as "en", "zh" or "pt-br".', param, ctx)
        return first if first in LANGUAGES else tag


def _told(error: click.ClickException) -> str:
    """In one line what click says of wrong arguments, and which help tells what is right; without any, the help."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # click before 8.2 has no such error
        return error.format_message()
    sentence = " ".join(error.format_message().split())
    sentence = sentence if sentence.endswith((".", "?", "!", ")")) else f"{sentence}."
    context = getattr(error, "ctx", None)  # of a UsageError
    return f"paperboy: {sentence} Try: {context.command_path} --help" if context else f"paperboy: {sentence}"


def _of_a_fault(error: Exception) -> str:
    """What nobody foresaw: a store that turns out damaged where it is read, else a fault of Paperboy."""
    from digest.store_file import damaged

    if damaged(error):
        return f'The store is damaged: {error}. "paperboy doctor" says where it is and what to do.'
    return f"something broke ({type(error).__name__}). Run it again with --debug and report what it shows."


def _complain(sentence: str) -> None:
    """Prints an error, which may repeat what was typed or what a file is called."""
    click.echo(valid_text(sentence), err=True)


def main() -> NoReturn:
    """The console script: an error is one line on stderr that says what, why and what to do."""
    debug = "--debug" in sys.argv
    try:
        code = paperboy(standalone_mode=False)
    except click.ClickException as error:
        _complain(_told(error))
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped. What was finished is stored; the same command goes on from there.", err=True)
        sys.exit(FAILED)
    except (PaperboyError, InvalidSettings) as error:
        if debug:
            raise
        _complain(f"paperboy: {error}")
        sys.exit(USAGE if isinstance(error, UsageError) else FAILED)
    except OSError as error:
        if debug:
            raise
        _complain(f"paperboy: {error.filename or 'The output'} cannot be written or read: {error.strerror}.")
        sys.exit(FAILED)
    except Exception as error:
        if debug:
            raise
        _complain(f"paperboy: {_of_a_fault(error)}")
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else DONE)
