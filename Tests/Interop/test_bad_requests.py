# SPDX-License-Identifier: Apache-2.0
"""Bad input over real sockets: a clear error with the right status, and the server lives on."""
import gzip
import json
import math
import zlib

import pytest
import slipway
import tinymodels
from slipway import tensor

LIMIT = 64 << 20  # the default of what one request may hold after decompression


def body(*inputs, **more):
    return {"inputs": list(inputs), **more}


def x(data=None, shape=(1, 4), datatype="FP32", name="x", **extra):
    return tensor(name, datatype, shape, [1, 2, 3, 4] if data is None else data, **extra)


def refuse(shared, content, *mentions, status=400, name="identity_fp32", headers=None):
    answer = shared.infer(name, content, headers)
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:300]}"
    message = answer.json()["error"]
    assert message
    for word in mentions:
        assert str(word) in message, message
    assert shared.infer("identity_fp32", body(x())).status_code == 200


WRONG_TENSORS = {
    "unknown name": (body(x(name="z")), ["z", "x"]),
    "missing input": (body(), ["x"]),
    "duplicate input": (body(x(), x()), ["x"]),
    "unknown type name": (body(x(datatype="FP31")), ["x"]),
    "another type": (body(x(datatype="INT32")), ["x", "FP32", "INT32"]),
    "another rank": (body(x(shape=[4])), ["x"]),
    "negative dimension": (body(x(shape=[-1, 4])), ["shape"]),
    "overflowing dimensions": (body(x(shape=[2**62, 2**62])), []),
    "dimension beyond 64 bits": (body(x(shape=[2**70, 1])), []),
    "fraction as dimension": (body(x(shape=[1.5, 4])), []),
    "huge dimensions": (body(x(shape=[1 << 40, 1 << 10])), []),
    "too few values": (body(x(data=[1, 2, 3])), ["x"]),
    "too many values": (body(x(data=[1, 2, 3, 4, 5])), ["x"]),
    "text among numbers": (body(x(data=[1, "two", 3, 4])), []),
    "null among numbers": (body(x(data=[1, None, 3, 4])), []),
    "rows of unequal length": (body(x(data=[[1, 2, 3], [4]], shape=[2, 2])), []),
    "nesting of another shape": (body(x(data=[[[1, 2, 3, 4]]], shape=[2, 2])), []),
    "no data": (body({"name": "x", "shape": [1, 4], "datatype": "FP32"}), []),
    "no shape": (body({"name": "x", "datatype": "FP32", "data": [1]}), []),
    "no name": (body({"shape": [1], "datatype": "FP32", "data": [1]}), []),
    "inputs are no list": ({"inputs": {"x": 1}}, []),
    "data is no list": (body(x(data="1,2,3,4")), []),
}


@pytest.mark.parametrize("kind", WRONG_TENSORS)
def test_a_wrong_tensor_is_refused_and_named(shared, kind):
    content, mentions = WRONG_TENSORS[kind]
    refuse(shared, content, *mentions)


def numbers(literal):
    return json.dumps(body(x(data="@"))).replace('"@"', f"[1,2,3,{literal}]").encode()


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "0x10", "01", "1.", ".5", "--1", "1e", "nan", "Inf", "+1"])
def test_what_is_no_number_or_fits_no_float_is_refused(shared, literal):
    refuse(shared, numbers(literal))


@pytest.mark.parametrize("literal, value", [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1e-99999999999", 0)])
def test_the_tokens_of_json_dialects_come_back_as_they_were(shared, literal, value):
    """Python's json and tritonclient write and read NaN and the infinities; what is too small is the nearest: zero."""
    answer = shared.infer("identity_fp32", numbers(literal))
    assert answer.status_code == 200, answer.text
    got = answer.json()["outputs"][0]["data"][3]
    assert got == value or (math.isnan(got) and math.isnan(value))


@pytest.mark.parametrize("datatype, value", [
    ("INT8", 128), ("UINT8", -1), ("INT32", 2**31), ("INT64", 2**63), ("UINT64", 2**64), ("INT32", 1.5), ("FP32", 1e39), ("BOOL", 2),
])
def test_a_value_outside_its_type_is_refused(shared, datatype, value):
    refuse(shared, body(x(data=[0, 0, 0, value], datatype=datatype)), name=f"identity_{datatype.lower()}")


MALFORMED = {
    "empty": b"",
    "no JSON": b"hello",
    "cut off": b'{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3',
    "a second value": b'{"inputs":[]} {}',
    "10,000 deep array": b'{"inputs":' + b"[" * 10000 + b"]" * 10000 + b"}",
    "10,000 deep object": b'{"a":' * 10000 + b"1" + b"}" * 10000,
    "10,000 deep data": b'{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":' + b"[" * 10000 + b"1" + b"]" * 10000 + b"}]}",
    "invalid UTF-8 in a name": b'{"inputs":[{"name":"\xff\xfe","shape":[1],"datatype":"FP32","data":[1]}]}',
    "surrogate half": b'{"inputs":[{"name":"\\ud800","shape":[1],"datatype":"FP32","data":[1]}]}',
    "NUL bytes": b"\0" * 100,
    "a list": b"[1,2,3]",
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_body_is_refused(shared, kind):
    refuse(shared, MALFORMED[kind])


def test_invalid_utf8_among_strings_is_refused(shared):
    content = b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"BYTES","data":["\xc3\x28"]}]}'
    refuse(shared, content, name="identity_bytes")


# The binary extension

def binary(size, payload, header_length=None, **changed):
    described = {"name": "x", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}, **changed}
    head = json.dumps({"inputs": [described]}).encode()
    length = len(head) if header_length is None else header_length
    return head + payload, {"Inference-Header-Content-Length": str(length)}


WRONG_BINARY = {
    "header beyond the body": binary(16, b"\0" * 16, header_length=10**6),
    "negative header": binary(16, b"\0" * 16, header_length=-1),
    "header of no number": binary(16, b"\0" * 16, header_length="ten"),
    "header of 2^64": binary(16, b"\0" * 16, header_length=2**64),
    "size beyond the body": binary(64, b"\0" * 16),
    "size below the shape": binary(8, b"\0" * 8),
    "negative size": binary(-16, b"\0" * 16),
    "size of 2^63": binary(2**63, b"\0" * 16),
    "bytes left over": binary(16, b"\0" * 20),
    "data and binary at once": binary(16, b"\0" * 16, data=[1, 2, 3, 4]),
}


@pytest.mark.parametrize("kind", WRONG_BINARY)
def test_a_wrong_binary_body_is_refused(shared, kind):
    content, headers = WRONG_BINARY[kind]
    refuse(shared, content, headers=headers)


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\x05\x00\x00\x00abc", b"\x01\x00", b"\x01\x00\x00\x00a\x01\x00\x00\x00b"])
def test_wrong_length_prefixes_of_strings_are_refused(shared, data):
    content, headers = binary(len(data), data, shape=[1, 1], datatype="BYTES")
    refuse(shared, content, headers=headers, name="identity_bytes")


# Sizes and encodings

def bomb(algorithm):
    """A few hundred kilobytes that unpack to more than the limit."""
    zeros, packed = b" " * (1 << 20), []
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if algorithm == "gzip" else 15)
    for _ in range((LIMIT >> 20) * 4):
        packed.append(packer.compress(zeros))
    return b"".join(packed) + packer.flush()


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_a_decompression_bomb_stops_at_the_limit(shared, algorithm):
    refuse(shared, bomb(algorithm), status=413, headers={"Content-Encoding": algorithm})


def test_a_body_over_the_limit_is_refused_by_its_length(shared):
    head = f"POST /v2/models/identity_fp32/infer HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {10 << 30}\r\n\r\n"
    assert b" 413 " in shared.raw(head.encode() + b"{}")[:64]
    assert shared.is_alive()


def test_damaged_gzip_is_refused(shared):
    good = bytearray(gzip.compress(json.dumps(body(x())).encode()))
    good[len(good) // 2] ^= 0xFF
    refuse(shared, bytes(good), headers={"Content-Encoding": "gzip"})
    refuse(shared, b"not gzip at all", headers={"Content-Encoding": "gzip"})


def test_an_unknown_encoding_is_not_supported(shared):
    answer = shared.infer("identity_fp32", b"xx", {"Content-Encoding": "br"})
    assert answer.status_code == 501
    assert "gzip" in answer.headers["Accept-Encoding"]


# Addresses and verbs

@pytest.mark.parametrize("path, status", [
    ("/v2/models/nobody/infer", 404), ("/v2/models/two/versions/99/infer", 404), ("/v2/models/two/versions/x/infer", 404),
    ("/v2/nowhere", 404), ("/v2/models/%00/infer", 404), ("/v2/models/..%2f..%2fetc/infer", 404),
])
def test_unknown_addresses(shared, path, status):
    answer = shared.infer("", body(x()), path=path)
    assert answer.status_code == status, answer.text
    assert shared.is_alive()


def test_the_wrong_verb(shared):
    assert shared.session.get(shared.url + "/v2/models/two/infer").status_code == 405


@pytest.mark.parametrize("data", [
    b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 4096, b"POST /v2 HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /v2/models/two/infer HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
])
def test_what_is_not_http_closes_only_its_own_connection(shared, data):
    try:
        shared.raw(data, patience=2)
    except OSError:
        pass  # the server may close before all is sent, or wait for more: only its life is asked about
    assert shared.is_alive()


def test_percent_encoded_names_reach_the_model(server):
    server.deploy("my-model.v1", tinymodels.identity())
    answer = server.infer("", body(x()), path="/v2/models/my%2Dmodel%2Ev1/infer")
    assert answer.status_code == 200 and answer.json()["model_name"] == "my-model.v1"


def test_the_limit_can_be_configured(home):
    with slipway.Server(home, "--max-body", 1000) as server:
        server.deploy("m", tinymodels.identity())
        assert server.infer("m", body(x())).status_code == 200
        answer = server.infer("m", body(x(data=[1.5] * 1000, shape=[1, 1000])))
        assert answer.status_code == 413 and "1000" in answer.json()["error"]
