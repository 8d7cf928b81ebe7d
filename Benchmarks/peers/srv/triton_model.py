# SPDX-License-Identifier: Apache-2.0
import json
import numpy as np, onnxruntime as ort
import triton_python_backend_utils as pb
class TritonPythonModel:
    def initialize(self, args):
        c = json.loads(args["model_config"]); p = c["parameters"]
        so = ort.SessionOptions(); so.intra_op_num_threads = int(p["intra"]["string_value"])
        self.s = ort.InferenceSession(p["onnx"]["string_value"], so, providers=["CPUExecutionProvider"])
        self.i = [x.name for x in self.s.get_inputs()]; self.o = [x.name for x in self.s.get_outputs()]
    def one(self, feed): return self.s.run(self.o, feed)
    def resp(self, outs): return pb.InferenceResponse([pb.Tensor(n, np.ascontiguousarray(a)) for n, a in zip(self.o, outs)])
    def execute(self, requests):
        feeds = [{n: pb.get_input_tensor_by_name(r, n).as_numpy() for n in self.i} for r in requests]
        if len(feeds) == 1: return [self.resp(self.one(feeds[0]))]
        if len({tuple(f[n].shape[1:] for n in self.i) for f in feeds}) > 1: return [self.resp(self.one(f)) for f in feeds]
        outs = self.one({n: np.concatenate([f[n] for f in feeds]) for n in self.i})
        r, at = [], 0
        for f in feeds:
            k = len(f[self.i[0]]); r.append(self.resp([o[at:at + k] for o in outs])); at += k
        return r
