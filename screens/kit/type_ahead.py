"""Keys typed while a page or dialog is being opened are kept, and reach it in order once it can take them.

Over a slow line, or from a paste, keys arrive faster than screens are drawn. Without this, the first letters of a name
would be lost, or worse, be taken as commands by the page that is still there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context

from textual import events
from textual.app import App
from textual.message_pump import MessagePump


class TypeAhead(App[int]):
    """The part of the application that keeps keys for a screen that is on its way.

    Attributes:
        longest_hold: Seconds after which keys are let through, whatever is still being opened.
    """

    longest_hold = 2.0

    def __init__(self) -> None:
        super().__init__()
        self._holds: set[object] = set()
        self._held: deque[events.Key | events.Paste] = deque()

    def hold_keys(self) -> Callable[[], None]:
        """Keep keys from now on until the function returned here is called, or some time has passed.

        Several holds may overlap; the keys go on when the last one has ended.
        """
        hold = object()
        self._holds.add(hold)

        def release() -> None:
            limit.cancel()
            if hold in self._holds:
                self._holds.discard(hold)
                if not self._holds and self._held:
                    self.call_later(self._let_through)  # behind a change of focus that is still in the queue

        # In a context of its own: the loop keeps a cancelled timer until its time, and would keep pages with this one.
        limit = asyncio.get_running_loop().call_later(self.longest_hold, release, context=Context())
        return release

    async def on_event(self, event: events.Event) -> None:
        """Keep a key while there is a hold, or while earlier keys are still kept."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._holds or self._held:
            self._held.append(event)
        else:
            await self._pass_on(event)

    async def _let_through(self) -> None:
        while self._held and not self._holds:
            await self._pass_on(self._held.popleft())

    async def _pass_on(self, event: events.Key | events.Paste) -> None:
        """Hand a key to what has the focus, and keep the next ones until it has been dealt with.

        A key is dealt with in the queue of the widget that it goes to, and what it sets off climbs from there to the
        screen, queue by queue. The next key could overtake it: the opening of a dialog, or the letter that a submit
        right behind it must not miss.
        """
        target = self.focused or self.screen
        release = self.hold_keys()
        await super().on_event(event)
        _climb([target, *target.ancestors_with_self], release)


def _climb(queues: Sequence[MessagePump], release: Callable[[], None]) -> None:
    """Call ``release`` once each of these queues has reached its end as it is when its turn comes."""
    if not queues or not queues[0].call_later(_climb, queues[1:], release):
        release()
