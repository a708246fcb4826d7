"""The commands, whatever platform they come from: help, the Slack manifest and Discord's tree come from this list."""

from __future__ import annotations

from digest.types import CommandSpec

COMMANDS = (
    CommandSpec(
        name="paper",
        usage="ID|URL|WORDS [SECTION] [QUESTION]",
        summary="command_paper",
        example="paper 2601.10592 results",
    ),
    CommandSpec(
        name="papers",
        usage="[QUERY] [DATE] [DOMAIN]",
        summary="command_papers",
        example="papers diffusion",
    ),
    CommandSpec(
        name="paperboy",
        usage="[digest|status|subscribe [TOPICS]|unsubscribe [TOPICS]|subscriptions|pause [UNTIL]|resume|here [TOPICS]"
        "|stop|hide [ID]|unhide [ID]|correct [ID] [SECTION]|withdraw [ID]|reinstate [ID]|dismiss [NUMBER]|forget|help]",
        summary="command_paperboy",
        example="paperboy subscribe video at 09:30",
        managed=True,
    ),
    CommandSpec(
        name="read",
        usage="ID [SECTION] [LANGUAGE]",
        summary="command_read",
        example="read 2601.10592 usage zh",
        typed=False,
        window=True,
    ),
    CommandSpec(name="discuss", usage="ID", summary="command_discuss", example="discuss 2601.10592", typed=False),
    CommandSpec(
        name="topics", usage="[DATE]", summary="command_topics", example="topics 2026-01-16", typed=False, form=True
    ),
    CommandSpec(
        name="subscription", usage="", summary="command_subscription", example="subscription", typed=False, form=True
    ),
    CommandSpec(
        name="channel",
        usage="",
        summary="command_channel",
        example="channel",
        typed=False,
        form=True,
        managed=True,
    ),
    CommandSpec(
        name="timezone", usage="[ZONE]", summary="command_timezone", example="timezone Europe/Berlin", typed=False
    ),
    CommandSpec(name="home", usage="", summary="command_home", example="home", typed=False),
    CommandSpec(name="mine", usage="DATE", summary="command_mine", example="mine 2026-01-16", typed=False),
    CommandSpec(name="forget", usage="", summary="command_forget", example="forget", typed=False),
    CommandSpec(name="sources", usage="ID", summary="command_sources", example="sources 2601.10592", typed=False),
    CommandSpec(
        name="mistake",
        usage="ID",
        summary="command_mistake",
        example="mistake 2601.10592",
        typed=False,
        form=True,
    ),
    CommandSpec(
        name="correct",
        usage="ID SECTION",
        summary="command_correct",
        example="correct 2601.10592 results",
        typed=False,
        form=True,
        managed=True,
    ),
    CommandSpec(
        name="withdraw",
        usage="ID",
        summary="command_withdraw",
        example="withdraw 2601.10592",
        typed=False,
        form=True,
        managed=True,
    ),
    CommandSpec(
        name="dismiss",
        usage="NUMBER",
        summary="command_dismiss",
        example="dismiss 7",
        typed=False,
        form=True,
        managed=True,
    ),
    CommandSpec(
        name="reinstate",
        usage="ID",
        summary="command_reinstate",
        example="reinstate 2601.10592",
        typed=False,
        managed=True,
    ),
    CommandSpec(name="hide", usage="ID", summary="command_hide", example="hide 2601.10592", typed=False, managed=True),
    CommandSpec(
        name="unhide", usage="ID", summary="command_unhide", example="unhide 2601.10592", typed=False, managed=True
    ),
    CommandSpec(
        name="mention",
        usage="[ID|WORDS] [SECTION]",
        summary="command_mention",
        example="mention results",
        typed=False,
        managed=True,
    ),
)
