# SPDX-License-Identifier: Apache-2.0
import os
import numpy as np, onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
class Ort(MLModel):
    async def load(self):
        so = ort.SessionOptions(); so.intra_op_num_threads = int(os.environ.get("INTRA", "1"))
        self.s = ort.InferenceSession(self.settings.parameters.uri, so, providers=["CPUExecutionProvider"]); return True
    async def predict(self, p: InferenceRequest) -> InferenceResponse:
        f = {i.name: NumpyCodec.decode_input(i) for i in p.inputs}
        r = self.s.run(None, f)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output(o.name, v) for o, v in zip(self.s.get_outputs(), r)])
