# SPDX-License-Identifier: Apache-2.0
import os
import litserve as ls, numpy as np, onnxruntime as ort
DT = {"FP32": np.float32, "INT32": np.int32, "INT64": np.int64, "FP64": np.float64}
TD = {"float32": "FP32", "int32": "INT32", "int64": "INT64", "float64": "FP64"}
class A(ls.LitAPI):
    def setup(self, device):
        so = ort.SessionOptions(); so.intra_op_num_threads = int(os.environ.get("INTRA", "1"))
        self.s = ort.InferenceSession(os.environ["MODEL"], so, providers=["CPUExecutionProvider"]); self.n = [o.name for o in self.s.get_outputs()]
    def decode_request(self, request): return {i["name"]: np.array(i["data"], DT[i["datatype"]]).reshape(i["shape"]) for i in request["inputs"]}
    def predict(self, x): return self.s.run(None, x)
    def encode_response(self, output): return {"model_name": "m", "outputs": [{"name": n, "shape": list(o.shape), "datatype": TD[str(o.dtype)], "data": o.ravel().tolist()} for n, o in zip(self.n, output)]}
if __name__ == "__main__":
    ls.LitServer(A(api_path="/v2/models/m/infer"), accelerator="cpu", workers_per_device=2, timeout=120, max_payload_size=500_000_000).run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False, log_level="warning")
