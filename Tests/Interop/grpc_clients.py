# SPDX-License-Identifier: Apache-2.0
"""gRPC clients for the tests.

tritonclient and kserve both bring their own descriptors of the package `inference`, and protobuf's one pool takes a
package once: tritonclient's go into a pool of their own.
"""
from google.protobuf import descriptor_pool


def _apart(load):
    usual, own = descriptor_pool.Default, descriptor_pool.DescriptorPool()
    descriptor_pool.Default = lambda: own
    try:
        return load()
    finally:
        descriptor_pool.Default = usual


def _load():
    import tritonclient.grpc
    import tritonclient.grpc.aio
    from tritonclient.grpc import service_pb2

    return tritonclient.grpc, tritonclient.grpc.aio, service_pb2


triton, triton_aio, pb = _apart(_load)

SERVICE = "inference.GRPCInferenceService"
# As tritonclient sets them: without, grpcio refuses answers of more than 4 MiB.
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def raw(array):
    """A tensor's bytes as `raw_input_contents` carries them."""
    import numpy as np

    if array.dtype != np.object_:
        return np.ascontiguousarray(array).tobytes()
    elements = [x if isinstance(x, bytes) else str(x).encode() for x in array.ravel()]
    return b"".join(len(x).to_bytes(4, "little") + x for x in elements)


def request(name, arrays, datatypes, **more):
    """A ModelInferRequest with raw contents, of arrays and datatypes by the inputs' names."""
    message = pb.ModelInferRequest(model_name=name, **more)
    for key, array in arrays.items():
        message.inputs.add(name=key, datatype=datatypes[key], shape=array.shape)
        message.raw_input_contents.append(raw(array))
    return message


class Stub:
    """A channel, and calls of methods by their names with messages or bytes."""

    def __init__(self, target, **options):
        import grpc

        self.channel = grpc.insecure_channel(target, UNLIMITED + list(options.items()))

    def method(self, name, service=SERVICE):
        """An unary method: bytes or a request in, the reply message out (bytes when there is none of the name)."""
        reply = getattr(pb, f"{name}Response", None)
        return self.channel.unary_unary(
            f"/{service}/{name}", request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
            response_deserializer=reply.FromString if reply else None)

    def stream(self, name="ModelStreamInfer", service=SERVICE):
        reply = getattr(pb, "ModelStreamInferResponse") if name == "ModelStreamInfer" else None
        return self.channel.stream_stream(
            f"/{service}/{name}", request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
            response_deserializer=reply.FromString if reply else None)

    def infer(self, message, **options):
        """The answer and the call, which knows the metadata."""
        return self.method("ModelInfer").with_call(message, timeout=options.pop("timeout", 60), **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()


def metadata(pairs):
    return {key: value for key, value in pairs or ()}
