// SPDX-License-Identifier: Apache-2.0

import SlipwayServer
import Testing

@Suite("What callers say about a request's treatment")
struct RequestControlsTests {
    @Test(
        "a timeout is a number with its unit, or of seconds",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("1.5", .milliseconds(1500)),
            ("1m", .seconds(60)),
            ("50us", .microseconds(50)), ("0", nil), ("-1s", nil), ("s", nil), ("", nil), ("soon", nil), ("nan", nil),
            ("inf", nil), ("100000", nil), ("1h", nil),
        ] as [(String, Duration?)])
    func timeout(text: String, expected: Duration?) {
        #expect(RequestControls.duration(text) == expected)
    }

    @Test(
        "urgency is the member u of a Priority field",
        arguments: [
            ("u=0", 0), ("u=7, i", 7), ("i, u=2", 2), ("u = 5", 5), ("u=8", nil), ("u=-1", nil), ("i", nil), ("", nil),
            ("u=x,u=1", 1),
        ] as [(String, Int?)])
    func urgency(field: String, expected: Int?) {
        #expect(RequestControls.urgency(field) == expected)
    }
}
