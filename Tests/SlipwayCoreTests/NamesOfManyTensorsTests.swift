// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("Named tensors")
struct NamesOfManyTensorsTests {
    @Test("take each name once and keep the order, however many there are", arguments: [1, 15, 16, 17, 40])
    func names(count: Int) throws {
        let tensor = try Tensor([1] as [Float], shape: [1])
        let names = (0..<count).map { "t\($0)" }
        var tensors = NamedTensors()
        let added = names.map { tensors.append(tensor, named: $0) }
        let refused = names.map { !tensors.append(tensor, named: $0) }
        let isLastAdded = tensors.append(tensor, named: "last")
        #expect(added.allSatisfy { $0 } && refused.allSatisfy { $0 } && isLastAdded)
        #expect(tensors.names == names + ["last"])
        #expect(tensors["last"]?.shape == [1] && tensors["none"] == nil)
    }
}
