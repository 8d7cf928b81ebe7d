# SPDX-License-Identifier: Apache-2.0
"""Asks about comments and tells how readers judged them. usage: comments.py"""
from client import Endpoint

# The words are mild on purpose; the second column is the readers' word.
COMMENTS = [
    ("Thank you, that solved it for me.", 0), ("Could you share the code that you used?", 0),
    ("I do not agree, but I see your point.", 0), ("The meeting is moved to three o'clock.", 0),
    ("What a lovely photo of the harbour!", 0), ("The second chapter is hard to follow.", 0),
    ("You are a stupid idiot.", 1), ("Shut up, you damn fool.", 1), ("This is complete crap and so are you.", 1),
    ("What the hell is wrong with you, moron?", 1), ("Nobody likes you, you suck.", 1),
    ("My grandmother knits scarves in winter.", 0),
]


def main():
    endpoint = Endpoint("rude")
    truths, right = [], 0
    for text, judged in COMMENTS:
        request, outputs = endpoint.ask({"text": ([text], [1])})
        score = outputs["probabilities"][1]
        right += (score > 0.5) == bool(judged)
        truths.append((request, judged))
        print(f"{score:6.1%}  {text}")
    counts = endpoint.tell(truths)
    print(f"{right} of {len(COMMENTS)} as readers judged them, {counts.get('joined', 0)} labels joined")


main()
