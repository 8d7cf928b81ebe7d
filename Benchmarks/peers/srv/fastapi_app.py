# SPDX-License-Identifier: Apache-2.0
# A careful developer's hand-written V2 endpoint: one ORT session per worker, pool thread for run(), no pydantic on the tensor data.
import os, json, asyncio
import numpy as np, onnxruntime as ort
from concurrent.futures import ThreadPoolExecutor
from fastapi import FastAPI, Request, Response
FAST = os.environ.get("CODEC") == "orjson"
if FAST:
    import orjson
so = ort.SessionOptions(); so.intra_op_num_threads = int(os.environ.get("INTRA", "1"))
sess = ort.InferenceSession(os.environ["MODEL"], so, providers=["CPUExecutionProvider"])
names = [o.name for o in sess.get_outputs()]
DT = {"FP32": np.float32, "INT32": np.int32, "INT64": np.int64, "FP64": np.float64}
TD = {"float32": "FP32", "int32": "INT32", "int64": "INT64", "float64": "FP64"}
pool = ThreadPoolExecutor(2)
app = FastAPI()
def work(raw):
    q = orjson.loads(raw) if FAST else json.loads(raw)
    feed = {i["name"]: np.array(i["data"], DT[i["datatype"]]).reshape(i["shape"]) for i in q["inputs"]}
    outs = sess.run(None, feed)
    if FAST:
        return orjson.dumps({"model_name": "m", "outputs": [{"name": n, "shape": o.shape, "datatype": TD[str(o.dtype)], "data": o.ravel()} for n, o in zip(names, outs)]}, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps({"model_name": "m", "outputs": [{"name": n, "shape": o.shape, "datatype": TD[str(o.dtype)], "data": o.ravel().tolist()} for n, o in zip(names, outs)]}).encode()
@app.get("/v2/health/ready")
async def ready(): return Response(status_code=200)
@app.post("/v2/models/m/infer")
async def infer(request: Request):
    raw = await request.body()
    return Response(await asyncio.get_running_loop().run_in_executor(pool, work, raw), media_type="application/json")
