# SPDX-License-Identifier: Apache-2.0
"""The intended differences from Triton; docs/operations/differences-from-triton.md explains each to users.

A difference that is found must be covered by an entry here, and an entry must cover a difference that is found.
"""
import fnmatch
from typing import NamedTuple


class Difference(NamedTuple):
    id: str
    # Patterns (fnmatch) of the names of calls, and of the fields in their answers; `outcome` when one server refuses.
    calls: list
    paths: list
    reason: str
    # Patterns of the values, Triton's and Slipway's.
    values: tuple = ("*", "*")

    def covers(self, call, path, theirs, ours):
        return (
            any(fnmatch.fnmatchcase(call, c) for c in self.calls) and any(fnmatch.fnmatchcase(path, p) for p in self.paths)
            and fnmatch.fnmatchcase(str(theirs), self.values[0]) and fnmatch.fnmatchcase(str(ours), self.values[1]))


CONFIGURATION = (
    "backend", "platform", "runtime", "default_model_filename", "batch_input", "batch_output", "cc_model_filenames", "metric_tags",
    "optimization*", "version_policy*", "model_transaction_policy*", "instance_group*", "input*.is_non_linear_format_io",
    "output*.is_non_linear_format_io",
)

INTENDED = [
    # What the server tells of itself and its models
    Difference("server-identity", ["*/server/metadata"], ["body.name", "body.version"], "each server says what it is"),
    Difference("extensions", ["*/server/metadata"], ["body.extensions*"], "only what is implemented is named"),
    Difference("platform", ["*/model/*etadata*"], ["body.platform"], "ONNX Runtime runs the model", ("python", "onnxruntime_onnx")),
    Difference(
        "configuration-fields", ["*/model/*onfig*"], [f"body.{c}{f}" for c in ("", "config.") for f in CONFIGURATION],
        "the configuration tells what is in force; settings without a meaning here are left out"),
    Difference("memory-usage", ["*/model/*tat*", "*/stats/*"], ["body.model_stats*.memory_usage*"], "the memory of a model is told"),
    Difference(
        "health-bodies", ["rest/health/*", "rest/model/ready*", "rest/repository/loaded-ready"],
        ["body", "body.live", "body.ready", "body.name", "headers.content-type"],
        "KServe's clients read a JSON body, Triton's look at the status alone"),
    Difference(
        "health-by-name", ["grpc/health/nobody"], ["outcome"], "unknown names are NOT_FOUND, as the health protocol wants it",
        ("OK", "NOT_FOUND")),
    # Statuses
    Difference(
        "bad-requests-are-400", ["rest/*"], ["status"],
        "what cannot be read, and what names impossible values, is the caller's fault", ("50[0-3]", "400")),
    Difference(
        "bad-messages-are-invalid", ["grpc/*"], ["status"], "the same over gRPC", ("*", "INVALID_ARGUMENT")),
    Difference(
        "unknown-is-404", ["rest/model/*", "rest/repository/*", "rest/trace/unknown-model", "rest/generate/*"], ["status"],
        "a model or a version that is not there is 404 wherever it is named", ("[45]00", "404")),
    Difference(
        "unknown-is-not-found", ["grpc/model/*", "grpc/repository/*", "grpc/trace/unknown-model"], ["status"],
        "the same over gRPC", ("IN*", "NOT_FOUND")),
    Difference(
        "errors-are-json", ["rest/*"], ["headers.content-type"], "the body of every error is JSON and says so",
        ("text/plain", "application/json")),
    Difference(
        "empty-answers-have-no-type", ["rest/repository/*load*", "rest/shared-memory/*-unregister"], ["headers", "headers.content-type"],
        "an answer without a body has no type of one"),
    # Taken here, refused by Triton
    Difference(
        "taken-here",
        ["rest/infer/bad-bool-number", "rest/infer/bad-nan", "rest/infer/binary-raw-body", "rest/trace/number-rate",
         "rest/server/trailing-slash", "rest/model/*-escaped", "grpc/infer/classes-0"],
        ["outcome"], "what has one meaning only is understood", ("[45I]*", "[2O][0K]*")),
    # Refused here, taken by Triton
    Difference(
        "refused-here",
        ["rest/infer/bad-*", "grpc/infer/bad-*", "rest/logging/unknown", "rest/trace/unknown", "rest/trace/bad-level",
         "grpc/logging/unknown", "grpc/trace/unknown", "grpc/trace/bad-level"],
        ["outcome"], "what would be ignored or changed silently is an error", ("[2O][0K]*", "[4I]*")),
    Difference(
        "unload-unknown", ["*/repository/unload-unknown"], ["outcome"], "unloading what never was there is a mistake of a name",
        ("[2O][0K]*", "[4N]*")),
    # Values
    Difference(
        "shortest-numbers", ["rest/infer/large-numbers", "rest/infer/classes-0"], ["body.outputs*.data*"],
        "FP32 is written with as many digits as tell it apart from other FP32, not as FP64"),
    Difference(
        "requested-order", ["*/infer/other-order"], ["body.outputs*", "body.raw_output_contents*"],
        "requested outputs come in the order of the request"),
    Difference(
        "classes-by-row", ["*/infer/classes-*"], ["body.outputs*.shape*", "headers.inference-header-content-length"],
        "the first dimension is rows, each classified for itself, though max_batch_size is 0"),
    Difference(
        "binary-without-bytes", ["rest/infer/binary-empty"], ["body.(binary)", "headers.*"],
        "who asks for binary outputs is answered in that form though no byte follows"),
    Difference(
        "small-answers-uncompressed", ["rest/infer/accept-*"], ["headers.content-encoding"],
        "compressing a few bytes makes more of them"),
    Difference("index-reasons", ["rest/repository/index-*"], ["body*.reason"], "the protocol has it in every entry", ("(absent)", "")),
    Difference(
        "rows-are-counted", ["*/stats/*"],
        ["*.inference_count", "*.batch_stats*"], "inferences are rows, as Triton counts them for models that batch"),
    Difference(
        "failures-are-counted", ["*/stats/told*"], ["*.inference_stats.fail*"],
        "a request that is refused for its tensors was one of this model too"),
    Difference(
        "shared-memory", ["*/shared-memory/*-register"], ["status"], "there is none: 501 / UNIMPLEMENTED says so",
        ("*", "[5U][0N]*")),
    # gRPC only
    Difference(
        "unknown-methods-are-told", ["grpc/server/unknown-*"], ["body.message"], "an error has a sentence", ("", "*")),
    Difference(
        "stream-errors-as-status", ["grpc/stream/unknown-model-as-status"], ["outcome"],
        "triton_grpc_error ends the stream at every kind of failure", ("OK", "NOT_FOUND")),
    Difference(
        "damaged-stream-messages", ["grpc/stream/damaged"], ["body.answers*"],
        "a message that cannot be read is answered, where Triton ends the stream as if nothing had been wrong"),
    Difference(
        "refused-in-streams", ["grpc/stream/bad-raw"], ["body.answers*"],
        "what is refused as a unary call is refused in a stream, where Triton answers without outputs and without an error"),
    Difference(
        "repository-name", ["grpc/repository/index-named"], ["outcome"], "there is one repository, whatever it is called",
        ("UNIMPLEMENTED", "OK")),
    Difference(
        "control-answers", ["grpc/repository/*load*"], ["body.bytes"], "KServe's client reads fields that Triton's answers do not have"),
]


def listed(call, path, theirs, ours):
    """The entry that covers a difference; None without one."""
    return next((d for d in INTENDED if d.covers(call, path, theirs, ours)), None)
