"""Spans, as a collector of OpenTelemetry gets them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.databases import fresh_database
from tests.process.callers import calling
from tests.process.servers import environment, serving

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(ThreadingHTTPServer):
    """Takes spans over HTTP and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.spans: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        taken = ExportTraceServiceRequest.FromString(body)
        assert isinstance(self.server, Collector)
        for resource in taken.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_each_request_is_a_span_that_goes_on_with_its_trace(collector: Collector):
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    with fresh_database("sqlite") as url, serving(url, **settings) as server:
        async with calling(server.url) as api:
            alice = await api.person("alice")
            headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
            answer = await alice.request("GET", "/events/999999?token=hidden", headers=headers)
    [span] = [span for span in collector.spans if span.name == "GET /api/v1/events/{event_id}"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, "b7ad6b7169203331")
    said = attributes(span)
    assert (said["http.response.status_code"], said["convene.request_id"]) == (404, answer.headers["x-request-id"])
    assert "hidden" not in str(collector.spans)
    assert "alice" not in str(collector.spans)


def test_without_a_collector_it_is_not_imported():
    code = (
        "import sys; from convene.app import create_app; from convene.settings import Settings;"
        "create_app(Settings()); sys.exit('convene.tracing' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=environment("sqlite:///x.db"), check=False).returncode == 0
