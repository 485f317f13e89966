"""A feed from an MQTT broker: messages are gathered, and the connection is made anew where it breaks."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

from unseen.errors import ConfigError, DataError, need
from unseen.live.clock import Clock
from unseen.live.config import FeedSettings
from unseen.live.delivery import Deliveries, Delivery
from unseen.live.payload import Payload
from unseen.series.feed import LARGEST

GATHER = 1.0
"""Seconds for which messages are gathered before they are handed over."""
MOST = 20_000
KEEP_ALIVE = 60


@dataclass
class Broker:
    """Listen to a topic; every message is an object or a list of them.

    Args:
        feed: Host, port and topic.
        payload: How messages are read.
        clock: Clock of the watch.

    """

    feed: FeedSettings
    payload: Payload
    clock: Clock

    def run(self, out: Deliveries, stop: threading.Event) -> None:
        """Hand over messages as they come, until told to stop."""
        mqtt = need("paho.mqtt.client", extra="stream", purpose="listening to MQTT")
        messages: queue.Queue[bytes] = queue.Queue(maxsize=MOST)
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, clean_session=True)
        client.reconnect_delay_set(min_delay=1, max_delay=60)

        def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            if reason.is_failure:
                out.put(Delivery(self.clock.now(), fault=f"the broker refused: {reason}", kind="error"))
            else:
                client.subscribe(self.feed.topic)

        def lost(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            if not stop.is_set():
                word = f"the connection to the broker was lost: {reason}"
                out.put(Delivery(self.clock.now(), fault=word, kind="error"))

        def came(_client: Any, _data: Any, message: Any) -> None:
            try:
                messages.put_nowait(bytes(message.payload))
            except queue.Full:
                out.put(Delivery(self.clock.now(), fault="messages came faster than they are read"))

        client.on_connect, client.on_disconnect, client.on_message = connected, lost, came
        host, port = self._host()
        client.connect_async(host, port, KEEP_ALIVE)
        client.loop_start()
        try:
            while not stop.is_set():
                self._hand_over(_gathered(messages), out)
        finally:
            client.disconnect()
            client.loop_stop()

    def _host(self) -> tuple[str, int]:
        host, _, port = (self.feed.mqtt or "").partition(":")
        if port and not 0 < int(port) < 65_536:
            raise ConfigError(f"port {port} of {self.feed.mqtt!r} came; accepted: 1 to 65535")
        return host, int(port or 1883)

    def _hand_over(self, parts: list[bytes], out: Deliveries) -> None:
        """Hand over the messages that can be read, and name the first that cannot."""
        for part in parts:
            try:
                if len(part) > LARGEST:
                    raise DataError(f"a message of {len(part):,} bytes came; accepted: at most {LARGEST:,}")
                out.put(self.payload.read(part, self.clock.now()))
            except DataError as error:
                out.put(Delivery(self.clock.now(), fault=str(error), kind="content"))


def _gathered(messages: queue.Queue[bytes]) -> list[bytes]:
    found: list[bytes] = []
    ends = time.monotonic() + GATHER
    while len(found) < MOST and (left := ends - time.monotonic()) > 0:
        try:
            found.append(messages.get(timeout=left))
        except queue.Empty:
            break
    return found
