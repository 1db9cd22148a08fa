"""Requests that two parsers could read in two ways: refused, the connection closed, the origin out of danger."""

import pytest

from harness.gateway import plain
from harness.wire import Client

INNER = b"GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"


def post(*fields: str, body: bytes = b"") -> bytes:
    lines = ["POST / HTTP/1.1", "Host: example.com", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def get(line: str, host: str = "Host: example.com") -> bytes:
    return f"{line}\r\n{host}\r\n\r\n".encode("latin-1")


# Refused by their head: the origin sees nothing at all.
HEADS = {
    # Two framings
    "length and chunked": post("Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"),
    "chunked and length": post(CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n"),
    "two lengths": post("Content-Length: 0", f"Content-Length: {len(INNER)}"),
    "two equal lengths": post("Content-Length: 3", "Content-Length: 3", body=b"abc"),
    "a list of lengths": post("Content-Length: 3, 3", body=b"abc"),
    "two transfer codings": post(CHUNKED, CHUNKED, body=b"0\r\n\r\n"),
    "coding under chunked": post("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "chunked twice in one": post("Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    # Lengths that are none
    "length with a sign": post("Content-Length: +3", body=b"abc"),
    "negative length": post("Content-Length: -1"),
    "hexadecimal length": post("Content-Length: 0x3", body=b"abc"),
    "length with a blank inside": post("Content-Length: 1 0"),
    "empty length": post("Content-Length:"),
    "length beyond 64 bits": post("Content-Length: 18446744073709551617", body=b"a"),
    # Names and lines
    "blank before the length's colon": post("Content-Length : 5", body=b"abcde"),
    "blank before the coding's colon": post("Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "folded coding": post("Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
    "underscore in a framing field": post("Content_Length: 5", body=b"abcde"),
    "underscore in a field that origins judge by": post("X_Forwarded_For: 6.6.6.6"),
    "underscore in the domain's field": post("losant_domain: tenant.example"),
    "lines ended by line feeds": b"POST / HTTP/1.1\nHost: example.com\nContent-Length: 0\n\n",
    "carriage return in a value": post("X-A: b\rContent-Length: 5", body=b"abcde"),
    "nul in a value": post("X-A: b\x00c"),
    "line without a colon": post("Content-Length 5"),
    "first field line folded": b"POST / HTTP/1.1\r\n Host: tenant.example\r\nHost: example.com\r\n\r\n",
    # Who is meant
    "two hosts": post("Host: tenant.example"),
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "another host in the target": get("GET http://tenant.example/ HTTP/1.1"),
    "host with a path": get("GET / HTTP/1.1", "Host: example.com/x"),
    "two domains": post("losantdomain: example.com", "losantdomain: tenant.example"),
    # What is meant
    "path above the root": get("GET /../admin HTTP/1.1"),
    "dot segment behind an encoded slash": get("GET /a/..%2fadmin HTTP/1.1"),
    "nul in the path": get("GET /a%00b HTTP/1.1"),
    "blank in the target": get("GET /a b HTTP/1.1"),
    "two blanks in the line": get("GET  / HTTP/1.1"),
}

# RFC 9112 section 6.1: a coding that is not understood is answered with 501, and that is as final as a 400.
UNSUPPORTED = {
    "coding like chunked": post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "identity": post("Transfer-Encoding: identity"),
}

# Refused in their content, when the origin may have the head: it never gets a whole message.
CHUNKS = {
    "size with a sign": b"+0\r\n\r\n",
    "size with a prefix": b"0x0\r\n\r\n",
    "size with a blank before it": b" 0\r\n\r\n",
    "no size": b"\r\n\r\n",
    "size beyond 64 bits": b"10000000000000000\r\n\r\n",
    "size line ended by a line feed": b"0\n\n",
    "chunk longer than its size": b"1\r\nabc\r\n0\r\n\r\n",
    "chunk ended by a line feed": b"1\r\na\n0\r\n\r\n",
    "line feed in an extension": b"0;a=\nb\r\n\r\n",
    "trailer without a colon": b"0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
}


@pytest.fixture(scope="module")
def origin(module_origins):
    return module_origins()


@pytest.fixture(scope="module")
def gateway(module_gateways, origin):
    configuration = plain(origin.port)
    configuration["domains"].append({"name": "tenant.example", "upstream": "origin"})
    return module_gateways(configuration)


def refused(gateway, data: bytes) -> int:
    """Sends bytes, expects one refusal and then the end of the connection; gives the status."""
    with Client(gateway.port) as client:
        client.send(data + INNER)
        response = client.response()
        assert response.get("connection") == "close"
        assert client.is_ended(), "nothing after the refusal may be answered"
        return response.status


@pytest.mark.parametrize("name", HEADS)
def test_an_ambiguous_head_is_refused(gateway, origin, name):
    before = len(origin.requests)
    assert refused(gateway, HEADS[name]) == 400
    assert len(origin.requests) == before


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_an_unknown_coding_is_refused(gateway, origin, name):
    before = len(origin.requests)
    assert refused(gateway, UNSUPPORTED[name]) == 501
    assert len(origin.requests) == before


@pytest.mark.parametrize("name", CHUNKS)
def test_an_ambiguous_chunk_is_refused(gateway, origin, name):
    served = origin.served
    assert refused(gateway, post(CHUNKED, body=CHUNKS[name])) == 400
    assert origin.served == served
    assert not any("smuggled" in request.target for request in origin.requests)


def test_the_gateway_goes_on(gateway, origin):
    with Client(gateway.port) as client:
        client.request("GET /after HTTP/1.1")
        assert client.response().body == b"/after"
