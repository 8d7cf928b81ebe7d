// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// safetensors: the length of a JSON header in eight bytes, the header, the weights.
enum SafetensorsSignature {
    static func detect(_ probe: DetectionProbe) -> FormatDetection? {
        guard let length: UInt64 = probe.head.littleEndian(at: 0), (2...100_000_000).contains(length),
            Int(length) <= probe.source.byteCount - 8, probe.head.has("{", at: 8)
        else { return nil }
        let header = Array(probe.head.dropFirst(8).prefix(Int(length)))
        let isHeader =
            header.contains(text: "\"data_offsets\"") || header.contains(text: "\"__metadata__\"")
            || header.has("{}")
        guard isHeader else { return nil }
        return FormatDetection(
            .safetensors, "The file holds weights in safetensors, without the code of the model.",
            advice: "Make the model by its own code, then: "
                + "safetensors.torch.load_model(model, 'model.safetensors'); "
                + "torch.onnx.export(model.eval(), (example,), 'model.onnx', dynamo=True)")
    }
}
