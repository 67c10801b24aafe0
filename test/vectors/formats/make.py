"""Makes the samples of this folder with the tools that make such files. Run in this folder:
pip install numpy==2.2.6 joblib==1.4.2 safetensors==0.5.3 gguf==0.17.1 h5py==3.13.0 onnx==1.18.0 sentencepiece==0.2.0
"""
import io
import os
import pickle
import zipfile

import gguf
import h5py
import joblib
import numpy as np
import onnx
import sentencepiece
from onnx import TensorProto, helper
from safetensors.numpy import save_file


class Calls:
    def __reduce__(self):
        return (os.getcwd, ())


floats = np.arange(12, dtype="<f4").reshape(3, 4)
objects = np.array([{"a": 1}, Calls()], dtype=object)
fields = np.zeros(2, dtype=[("x", "<f4"), ("y", object)])

for protocol in range(6):
    with open(f"calls-{protocol}.pickle", "wb") as file:
        pickle.dump({"w": [1, 2.5, "x"], "c": Calls()}, file, protocol=protocol)
    with open(f"data-{protocol}.pickle", "wb") as file:
        pickle.dump({"w": [1, -70000, 2**70, 2.5, "x", "é", None, True, (1, 2, 3, 4), {5}, b"b"]}, file, protocol=protocol)

np.save("floats.npy", floats)
np.save("objects.npy", objects, allow_pickle=True)
np.save("fields.npy", fields, allow_pickle=True)
np.savez("floats.npz", a=floats, b=floats)
np.savez_compressed("floats-packed.npz", a=floats, b=floats)
np.savez("objects.npz", a=floats, b=objects)
np.savez_compressed("objects-packed.npz", a=floats, b=objects)
joblib.dump({"w": floats}, "plain.joblib")
joblib.dump({"w": floats}, "packed.joblib", compress=3)
save_file({"w": floats, "b": np.zeros(3, dtype="<f2")}, "tensors.safetensors", metadata={"format": "np"})

writer = gguf.GGUFWriter("tensors.gguf", "llama")
writer.add_tensor("w", floats)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

with h5py.File("weights.h5", "w") as file:
    file.create_dataset("w", data=floats)
with h5py.File("userblock.h5", "w", userblock_size=512) as file:
    file.create_dataset("w", data=floats)

node = helper.make_node("Relu", ["x"], ["y"])
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])
onnx.save(helper.make_model(helper.make_graph([node], "g", [value("x")], [value("y")]), producer_name="p"), "relu.onnx")

sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(["the model is signed", "the weights are signed"] * 20),
    model_writer=(model := io.BytesIO()),
    vocab_size=19,
    minloglevel=2,
)
with open("tokenizer.model", "wb") as file:
    file.write(model.getvalue())


def zip_of(name, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(name, "w", method) as file:
        for member, content in members.items():
            file.writestr(member, content)


# As torch.save lays it out (torch/serialization.py): the object in data.pkl, tensors beside it.
pickled = pickle.dumps({"w": Calls()}, protocol=2)
zip_of("weights.pt", {"weights/data.pkl": pickled, "weights/data/0": floats.tobytes(), "weights/version": "3\n"})
zip_of("hidden.zip", {"readme.txt": "hello", "weights.bin": pickled})
zip_of("hidden-packed.zip", {"readme.txt": "hello", "weights.bin": pickled}, zipfile.ZIP_DEFLATED)
zip_of("plain.zip", {"readme.txt": "hello"})
with open("weights.h5", "rb") as file:
    weights = file.read()
zip_of("model.keras", {"metadata.json": "{}", "config.json": "{}", "model.weights.h5": weights})
