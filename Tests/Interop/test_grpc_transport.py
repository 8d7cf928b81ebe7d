# SPDX-License-Identifier: Apache-2.0
"""Calls and connections over gRPC: compression, deadlines, cancellation, crowds, and the end of the server."""
import gzip
import signal
import threading
import time
import zlib

import grpc
import grpc_clients
import grpc_wire
import numpy as np
import onnx
import pytest
import slipway
import tinymodels
from grpc_clients import triton

SIDE = 64
ENDLESS = 100_000_000
ONE = grpc_clients.request("m", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"})


def slow_request(rounds, **parameters):
    message = grpc_clients.request(
        "m", {"x": np.ones((SIDE, SIDE), np.float32), "rounds": np.array(rounds, np.int64)}, {"x": "FP32", "rounds": "INT64"})
    for name, value in parameters.items():
        message.parameters[name].int64_param = value
    return message


def serve(server, settings="instances: 1"):
    server.import_version("m", tinymodels.slow(SIDE))
    server.apply(f'endpoints: {{m: {{routes: [{{version: "m:1"}}], {settings}}}}}\n')


def idle(server):
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")


def outcomes(server, outcome):
    return server.metric("slipway_inference_requests_total", endpoint="m", outcome=outcome)


# Compression

@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
@pytest.mark.parametrize("rows", [1, 4096], ids=["small", "large"])
def test_requests_may_be_compressed(shared, algorithm, rows):
    array = np.tile(np.arange(1024, dtype=np.float32), (rows, 1))
    tensor = triton.InferInput("x", list(array.shape), "FP32")
    tensor.set_data_from_numpy(array)
    with triton.InferenceServerClient(shared.grpc) as client:
        answer = client.infer("identity_fp32", [tensor], compression_algorithm=algorithm)
        assert np.array_equal(answer.as_numpy("y"), array)
        # Methods that are answered elsewhere in the server too.
        assert client.is_server_live()


@pytest.mark.parametrize("algorithm", [grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_all_methods_take_compressed_messages(shared, algorithm):
    with grpc_clients.Stub(shared.grpc) as stub:
        question = grpc_clients.pb.ModelMetadataRequest(name="identity_fp32")
        assert stub.method("ModelMetadata")(question, timeout=60, compression=algorithm).name == "identity_fp32"
        message = grpc_clients.request("identity_fp32", {"x": np.ones((4, 512), np.float32)}, {"x": "FP32"})
        answers = stub.stream()(iter([message]), timeout=60, compression=algorithm)
        assert [len(a.infer_response.raw_output_contents[0]) for a in answers] == [8192]


@pytest.mark.parametrize("sent, accepted, answered", [
    ("gzip", "gzip", True), ("gzip", "identity,deflate,gzip", True), ("gzip", "identity, gzip", True), ("gzip", "deflate", False),
    ("gzip", None, False), (None, "gzip", False), ("deflate", "gzip", False), ("identity", "gzip", False),
])
def test_who_compresses_by_gzip_and_accepts_it_is_answered_so(shared, sent, accepted, answered):
    message = grpc_clients.request("identity_fp32", {"x": np.zeros((8, 512), np.float32)}, {"x": "FP32"})
    data = {"gzip": gzip.compress, "deflate": zlib.compress}.get(sent, bytes)(message.SerializeToString())
    headers = [h for h in (("grpc-encoding", sent), ("grpc-accept-encoding", accepted)) if h[1]]
    with grpc_wire.Wire(shared) as wire:
        wire.call(1, grpc_wire.framed(data, flag=int(sent in ("gzip", "deflate"))), grpc_wire.INFER, *headers)
        told, body = wire.answer(1)
    assert grpc_wire.status((told, body)) == "OK"
    assert (told.get("grpc-encoding"), body[0]) == (("gzip", 1) if answered else (None, 0))
    packed = body[5:]
    assert len(packed) == int.from_bytes(body[1:5], "big")
    reply = grpc_clients.pb.ModelInferResponse.FromString(gzip.decompress(packed) if answered else packed)
    assert reply.raw_output_contents[0] == message.raw_input_contents[0]
    assert "gzip" in told["grpc-accept-encoding"] and told["content-type"] == "application/grpc"


# Deadlines

@pytest.mark.parametrize("waits", [False, True], ids=["running", "waiting"])
@pytest.mark.parametrize("way", ["deadline", "parameter"])
def test_a_deadline_that_passes_leaves_nothing_behind(server, way, waits):
    serve(server)
    with grpc_clients.Stub(server.grpc) as stub:
        infer, held = stub.method("ModelInfer"), []
        if waits:
            held.append(infer.future(slow_request(ENDLESS), timeout=3600))
            slipway.until(lambda: server.in_flight() == 1, "the lane to be taken")
        began = time.monotonic()
        with pytest.raises(grpc.RpcError) as caught:
            if way == "deadline":
                infer(slow_request(ENDLESS), timeout=0.2)
            else:
                # V2's timeout is in microseconds.
                infer(slow_request(ENDLESS, timeout=200_000), timeout=3600)
        assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        # A fraction of the hour that the call might have taken.
        assert time.monotonic() - began < slipway.PATIENCE
        slipway.until(lambda: server.in_flight() == len(held), "the request to be gone")
        # The client's own clock may be the first to ring: then it cancels.
        assert outcomes(server, "deadlineExceeded") + outcomes(server, "cancelled") == 1
        for call in held:
            call.cancel()
        idle(server)
        assert infer(slow_request(1), timeout=60).model_name == "m"


def test_a_deadline_long_gone_is_no_reason_to_work(server):
    serve(server)
    with grpc_clients.Stub(server.grpc) as stub, pytest.raises(grpc.RpcError) as caught:
        stub.infer(slow_request(ENDLESS), timeout=0.001)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    idle(server)


# Cancellation

def test_cancelled_calls_leave_the_queue_and_the_lane(server):
    serve(server)
    with grpc_clients.Stub(server.grpc) as stub:
        infer = stub.method("ModelInfer")
        calls = [infer.future(slow_request(ENDLESS), timeout=3600) for _ in range(20)]
        slipway.until(lambda: server.in_flight() == 20, "all to be in flight")
        for call in calls:
            call.cancel()
        idle(server)
        assert outcomes(server, "cancelled") == 20
        assert infer(slow_request(1), timeout=60).model_name == "m"


def test_a_closed_connection_cancels_its_calls(server):
    serve(server)
    stub = grpc_clients.Stub(server.grpc)
    calls = [stub.method("ModelInfer").future(slow_request(ENDLESS), timeout=3600) for _ in range(10)]
    slipway.until(lambda: server.in_flight() == 10, "all to be in flight")
    stub.channel.close()
    idle(server)
    assert outcomes(server, "cancelled") == 10 and all(call.done() for call in calls)


def test_what_is_over_a_limit_is_told_to_come_again(server):
    serve(server, "limits: {requests: 2}")
    with grpc_clients.Stub(server.grpc) as stub:
        infer = stub.method("ModelInfer")
        held = [infer.future(slow_request(ENDLESS), timeout=3600) for _ in range(2)]
        slipway.until(lambda: server.in_flight() == 2, "two to be in flight")
        with pytest.raises(grpc.RpcError) as caught:
            infer(slow_request(1), timeout=60)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert int(grpc_clients.metadata(caught.value.trailing_metadata())["grpc-retry-pushback-ms"]) >= 1000
        for call in held:
            call.cancel()
        idle(server)


# Crowds

def test_five_hundred_calls_at_once_on_one_connection_all_answer(shared):
    message = grpc_clients.request("identity_fp32", {"x": np.arange(64, dtype=np.float32).reshape(1, 64)}, {"x": "FP32"})
    with grpc_clients.Stub(shared.grpc) as stub:
        infer = stub.method("ModelInfer")
        calls = [infer.future(message, timeout=60) for _ in range(500)]
        assert all(c.result().raw_output_contents[0] == message.raw_input_contents[0] for c in calls)


def test_many_connections_are_served_at_once(shared):
    def work(number):
        message = grpc_clients.request("identity_fp32", {"x": np.full((1, 3), number, np.float32)}, {"x": "FP32"})
        # A channel of its own has a connection of its own.
        with grpc_clients.Stub(shared.grpc, **{"grpc.use_local_subchannel_pool": 1}) as stub:
            answers = [stub.infer(message)[0] for _ in range(5)]
            return all(a.raw_output_contents[0] == message.raw_input_contents[0] for a in answers)

    assert all(slipway.in_threads(40, work))


def test_large_and_small_calls_share_a_connection(shared):
    large = grpc_clients.request("identity_fp32", {"x": np.ones((8, 1 << 19), np.float32)}, {"x": "FP32"})
    small = grpc_clients.request("identity_fp32", {"x": np.ones((1, 4), np.float32)}, {"x": "FP32"})
    with grpc_clients.Stub(shared.grpc) as stub:
        infer = stub.method("ModelInfer")
        calls = [infer.future(large if n % 10 == 0 else small, timeout=60) for n in range(60)]
        sizes = [len(c.result().raw_output_contents[0]) for c in calls]
    assert sizes == [16 << 20 if n % 10 == 0 else 16 for n in range(60)]


def test_a_client_that_pings_to_keep_its_connection_keeps_it(shared):
    options = triton.KeepAliveOptions(
        keepalive_time_ms=100, keepalive_timeout_ms=20_000, keepalive_permit_without_calls=True, http2_max_pings_without_data=0)
    states = []
    # grpcio sends no more than one ping in ten seconds unless told.
    more = [("grpc.http2.min_time_between_pings_ms", 100), ("grpc.http2.min_sent_ping_interval_without_data_ms", 100)]
    arguments = [
        ("grpc.keepalive_time_ms", options.keepalive_time_ms), ("grpc.keepalive_timeout_ms", options.keepalive_timeout_ms),
        ("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.max_pings_without_data", 0), *more,
    ]
    with triton.InferenceServerClient(shared.grpc, channel_args=arguments) as client:
        assert client.is_server_live()
        client._channel.subscribe(states.append)
        time.sleep(1.5)
        assert client.is_server_live()
    assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states


# The end

def test_no_call_fails_when_the_server_ends_under_load(home):
    """Clients that call without pause see only answers until the server says that it goes, and then another connection."""
    message = grpc_clients.request("m", {"x": np.ones((1, 16), np.float32)}, {"x": "FP32"})
    with slipway.Server(home, "--drain-delay", "300ms") as server:
        server.deploy("m", tinymodels.add(1))
        counts, failures, stop = [0] * 8, [], threading.Event()

        def work(number):
            with grpc_clients.Stub(server.grpc, **{"grpc.use_local_subchannel_pool": 1}) as stub:
                infer = stub.method("ModelInfer")
                while not stop.is_set():
                    try:
                        infer(message, timeout=60)
                        counts[number] += 1
                    except grpc.RpcError as error:
                        # Calls that were not sent when GOAWAY came are sent on a new connection by the library, and
                        # nobody listens any more.
                        refused = error.code() == grpc.StatusCode.UNAVAILABLE and "onnect" in error.details()
                        if not refused:
                            failures.append((error.code(), error.details()))
                        return

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        slipway.until(lambda: min(counts) >= 20, "all clients to be served")
        code = server.stop(signal.SIGTERM)
        stop.set()
        for t in threads:
            t.join()
        assert failures == [] and code == 0
        assert "every request answered" in server.log()


def test_calls_under_way_are_answered_before_the_end(server):
    serve(server, "instances: 2")
    with grpc_clients.Stub(server.grpc) as stub:
        infer = stub.method("ModelInfer")
        infer(slow_request(1), timeout=60)
        began = time.monotonic()
        infer(slow_request(2000), timeout=60)
        # So many rounds that all together take about two seconds: most wait when the server is told to end.
        rounds = max(1, int(2000 * 0.04 / (time.monotonic() - began)))
        calls = [infer.future(slow_request(rounds), timeout=60) for _ in range(100)]
        slipway.until(lambda: server.in_flight() >= 50, "calls to be in flight")
        server.process.send_signal(signal.SIGTERM)
        codes = {c.code() for c in calls}
    assert codes == {grpc.StatusCode.OK}
    assert server.stop() == 0


def slow_and_wide():
    """As `tinymodels.slow`, its `[64, 64]` repeated to `[2048, 2048]`: 16 MB, far more than a client's first window."""
    made = onnx.load_from_string(tinymodels.slow(SIDE))
    made.graph.node[0].output[0] = "small"
    made.graph.node.append(onnx.helper.make_node("Tile", ["small", "times"], ["y"]))
    made.graph.initializer.append(onnx.numpy_helper.from_array(np.array([32, 32]), "times"))
    made.graph.output[0].CopyFrom(tinymodels.value("y", onnx.TensorProto.FLOAT, [2048, 2048]))
    return made.SerializeToString()


def test_a_large_answer_is_whole_though_the_server_ends_meanwhile(server):
    server.deploy("m", slow_and_wide())
    with grpc_clients.Stub(server.grpc) as stub:
        infer = stub.method("ModelInfer")
        began = time.monotonic()
        infer(slow_request(2000), timeout=60)
        # About half a second: time to tell the server to end.
        call = infer.future(slow_request(max(1, int(1000 / (time.monotonic() - began)))), timeout=60)
        slipway.until(lambda: server.in_flight() == 1, "the call to be in flight")
        server.process.send_signal(signal.SIGTERM)
        assert len(call.result().raw_output_contents[0]) == 16 << 20
    assert server.stop() == 0


@pytest.mark.parametrize("kind", ["ModelStreamInfer", "Watch", "ServerReflectionInfo"])
def test_streams_that_are_idle_do_not_hold_up_the_end(home, kind):
    from grpc_health.v1 import health_pb2

    released = threading.Event()

    def silent():
        released.wait(slipway.PATIENCE)
        return
        yield

    # Requests may take ten minutes to finish, longer than the test waits for the end.
    with slipway.Server(home, "--drain-timeout", "10m") as server, grpc_clients.Stub(server.grpc) as stub:
        if kind == "Watch":
            watch = stub.channel.unary_stream(
                "/grpc.health.v1.Health/Watch", health_pb2.HealthCheckRequest.SerializeToString,
                health_pb2.HealthCheckResponse.FromString)
            stream = watch(health_pb2.HealthCheckRequest())
            assert next(stream).status == health_pb2.HealthCheckResponse.SERVING
        else:
            service = grpc_clients.SERVICE if kind == "ModelStreamInfer" else "grpc.reflection.v1.ServerReflection"
            stream = stub.stream(kind, service)(silent())
            # Once another call is answered, the server knows of the stream, which was sent before.
            stub.method("ServerLive")(grpc_clients.pb.ServerLiveRequest(), timeout=60)
        assert server.stop(signal.SIGTERM) == 0
        released.set()
        stream.cancel()
