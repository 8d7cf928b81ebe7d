// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayServing
import Testing

@Suite("Serving errors")
struct ServingErrorTests {
    private let version = VersionID(model: "fraud", number: 3)

    @Test("a time to come back is told in whole seconds, never too early")
    func retryAfterSeconds() {
        let times: [(Duration?, Int?)] = [
            (nil, nil), (.zero, 0), (.seconds(1), 1), (.milliseconds(1001), 2),
            (.seconds(59) + Duration(attoseconds: 1), 60),
        ]
        for (time, seconds) in times {
            #expect(ServingError(code: .overloaded, message: "", retryAfter: time).retryAfterSeconds == seconds)
        }
    }

    @Test("a hung call is a fault of the server, and says what became of its lane")
    func hung() {
        let error = ServingError.hung(version, after: .milliseconds(2500))
        #expect(error.code == .hung && error.category == .internal)
        #expect(error.message.contains("fraud:3") && error.message.contains("2.5 s"))
        #expect(error.message.contains("lane was replaced"))
    }

    @Test("a load that does not fit is out of resources, with what it needs and what there is")
    func outOfMemory() {
        let error = ServingError.outOfMemory(version, needed: 3 << 20, free: 1 << 19, budget: 2 << 20)
        #expect(error.code == .outOfMemory && error.category == .outOfResources)
        for part in ["fraud:3", "3.0 MiB", "0.5 MiB", "2.0 MiB"] { #expect(error.message.contains(part)) }
        let machine = ServingError.outOfMemory(version, needed: 1, free: .min, budget: nil)
        #expect(machine.message.contains("this machine's memory") && machine.message.contains("0.0 MiB"))
    }

    @Test("a wrong answer is a fault of the server, with expected and got")
    func wrongAnswer() {
        let error = ServingError.wrongAnswer(version, output: "y", expected: "[4, 2]", got: "[3]")
        #expect(error.code == .wrongAnswer && error.category == .internal)
        #expect(error.message.contains("'y' is to be [4, 2], got [3]"))
    }
}
