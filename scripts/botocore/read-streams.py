"""Reads streams of agents with botocore: a JSON list of calls on standard input, a JSON list of replies as output."""

import json
import os
import sys

# Nothing of this machine may lead to another endpoint or to other credentials.
for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull

import botocore
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.exceptions import EventStreamError
from botocore.session import Session

CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=60, read_timeout=60)


class Reply:
    """What our providers read too: the text, the sources, the tokens, and whether an exception ended it."""

    def __init__(self):
        self.messages = []
        self.bytes = b""
        self.uris = []
        self.tokens = [0, 0]
        self.is_assistant = False
        self.exception = None

    def add(self, event):
        if "chunk" in event:
            self.add_chunk(event["chunk"])
        if "messageStart" in event:
            self.is_assistant = event["messageStart"]["role"] == "assistant"
            if self.is_assistant:
                self.messages.append("")
        if "contentBlockDelta" in event and self.is_assistant:
            self.add_delta(event["contentBlockDelta"]["delta"])
        if "metadata" in event:
            usage = event["metadata"]["usage"]
            self.tokens[0] += usage["inputTokens"]
            self.tokens[1] += usage["outputTokens"]

    def add_chunk(self, chunk):
        self.bytes += chunk.get("bytes", b"")
        for citation in chunk.get("attribution", {}).get("citations", []):
            for reference in citation["retrievedReferences"]:
                location = reference["location"]
                self.uris.append(location["s3Location"]["uri"] if "s3Location" in location else location["webLocation"]["url"])

    def add_delta(self, delta):
        self.messages[-1] += delta.get("text", "")
        if "citation" in delta:
            self.uris.append(delta["citation"]["location"]["web"]["url"])

    def to_json(self):
        # Joins surrogates that were split over two deltas.
        texts = [text.encode("utf-16", "surrogatepass").decode("utf-16") for text in self.messages]
        text = self.bytes.decode("utf-8") + "\n\n".join(texts)
        return {"text": text, "uris": self.uris, "tokens": self.tokens, "exception": self.exception}


def read(call):
    credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client = Session().create_client(
        call["service"], region_name="us-east-1", endpoint_url=call["endpoint"], config=CONFIG, **credentials
    )
    response = getattr(client, call["operation"])(**call["parameters"])
    [stream] = [member for member in response.values() if isinstance(member, EventStream)]
    reply = Reply()
    try:
        for event in stream:
            reply.add(event)
    except EventStreamError as error:
        reply.exception = error.response["Error"]["Code"]
    return reply.to_json()


json.dump({"version": botocore.__version__, "replies": [read(call) for call in json.load(sys.stdin)]}, sys.stdout)
