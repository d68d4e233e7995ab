"""A receiver of JSON posts, in place of the pager, chat or webhook that an alert is sent to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.listening import listening
from tests.support.polling import wait_until

_ANSWER = b"ok"
"""As Slack says it; all others look at the status only."""


@dataclass(frozen=True, slots=True)
class ReceivedPost:
    """One post: the path that it was sent to, its JSON body, and who says to have sent it."""

    path: str
    body: Any
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class WebhookDouble:
    """Keeps every post to any path under `url`, in order of arrival."""

    url: str
    posts: list[ReceivedPost] = field(default_factory=list)

    def wait_for(self, is_wanted: Callable[[Any], bool], deadline_s: float) -> Any:
        """The body of the first post that `is_wanted`."""
        found = wait_until(
            lambda: [post for post in list(self.posts) if is_wanted(post.body)],
            deadline_s,
            f"a wanted post at {self.url}",
        )
        return found[0].body


@contextmanager
def webhook_double() -> Iterator[WebhookDouble]:
    """A server on a free loopback port that answers 200 to every JSON post."""
    posts: list[ReceivedPost] = []
    with listening(ThreadingHTTPServer(("127.0.0.1", 0), _recorder(posts))) as port:
        yield WebhookDouble(f"http://127.0.0.1:{port}", posts)


def _recorder(posts: list[ReceivedPost]) -> type[BaseHTTPRequestHandler]:
    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.append(ReceivedPost(self.path, json.loads(body), self.headers.get("Authorization", "")))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(_ANSWER)))
            self.end_headers()
            self.wfile.write(_ANSWER)

        def log_message(self, *_: object) -> None:
            """Says nothing: the posts are what a test looks at."""

    return Recorder
