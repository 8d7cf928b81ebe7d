# SPDX-License-Identifier: Apache-2.0
import os
import bentoml, numpy as np, onnxruntime as ort
DT = {"FP32": np.float32, "INT32": np.int32, "INT64": np.int64, "FP64": np.float64}
TD = {"float32": "FP32", "int32": "INT32", "int64": "INT64", "float64": "FP64"}
@bentoml.service(workers=2, traffic={"timeout": 120})
class M:
    def __init__(self):
        so = ort.SessionOptions(); so.intra_op_num_threads = int(os.environ.get("INTRA", "1"))
        self.s = ort.InferenceSession(os.environ["MODEL"], so, providers=["CPUExecutionProvider"]); self.n = [o.name for o in self.s.get_outputs()]
    @bentoml.api(route="/v2/models/m/infer")
    def infer(self, inputs: list[dict]) -> dict:
        r = self.s.run(None, {i["name"]: np.array(i["data"], DT[i["datatype"]]).reshape(i["shape"]) for i in inputs})
        return {"model_name": "m", "outputs": [{"name": n, "shape": list(o.shape), "datatype": TD[str(o.dtype)], "data": o.ravel().tolist()} for n, o in zip(self.n, r)]}
