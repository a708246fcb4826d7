"""`paperboy run`, the bot itself, and `slack-manifest` and `discord-invite`, with which the platforms let it in."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, cast

import click

from bot import compose
from bot.cli import DONE, Options

if TYPE_CHECKING:
    from adapters.discord import DiscordAdapter


@click.command("run")
@click.pass_obj
def run_command(options: Options) -> int:
    """Deliver what is pending and answer in chat, until Ctrl-C, SIGTERM or SIGHUP.

    Needs SLACK_BOT_TOKEN and SLACK_APP_TOKEN in the environment, or DISCORD_TOKEN, or all of them. Nothing is lost
    while a platform cannot be reached, or while the bot does not run.

    \b
    Example: paperboy run
    """
    from bot.app import serve

    settings = options.settings()
    options.start_logging(settings)
    asyncio.run(serve(settings, say))
    say("stopped; what is left is sent when it runs again")
    return DONE


def say(sentence: str) -> None:
    with contextlib.suppress(OSError):  # a terminal that was closed is no reason to stop delivering
        click.echo(f"paperboy: {sentence}", err=True)


@click.command("slack-manifest")
@click.option("--language", help="Language of the commands' descriptions; the one in your settings if not given.")
@click.pass_obj
def slack_manifest_command(options: Options, language: str | None) -> int:
    """Print the manifest to paste at api.slack.com/apps, Create New App, From a manifest.

    \b
    Example: paperboy slack-manifest > manifest.json
    """
    from adapters.slack_manifest import manifest
    from bot.registry import COMMANDS

    settings = options.settings()
    texts = compose.texts(language or settings.language)
    told = manifest(COMMANDS, texts, compose.editors(settings, "slack"))
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    return DONE


@click.command("discord-invite")
@click.pass_obj
def discord_invite_command(options: Options) -> int:
    """Print the address at which the bot is added to a server, with the permissions that it uses and no others.

    Needs DISCORD_TOKEN in the environment.

    \b
    Example: paperboy discord-invite
    """
    settings = options.settings()
    options.start_logging(settings)
    adapter = cast("DiscordAdapter", compose.adapter(settings, "discord"))
    click.echo(asyncio.run(adapter.invite()))
    return DONE
