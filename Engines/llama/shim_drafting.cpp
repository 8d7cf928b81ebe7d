// SPDX-License-Identifier: Apache-2.0

// Proposing how a sequence may go on: as it did after the last occurrence of its newest tokens.

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "shim.h"

struct SlwDrafter {
    size_t key;
    size_t most;
    std::vector<int32_t> tokens;
    /// Where what follows a key begins, by the key's hash; the newest occurrence.
    std::unordered_map<uint64_t, size_t> follows;

    uint64_t hash(size_t end) const {
        uint64_t value = 0x9E3779B97F4A7C15;
        for (size_t index = end - key; index < end; index++) {
            value = (value ^ uint32_t(tokens[index])) * 0xD6E8FEB86659FD93;
            value ^= value >> 32;
        }
        return value;
    }
};

namespace slipway {

SlwDrafter *drafter_new(int32_t key, int32_t most) {
    SlwDrafter *made = nullptr;
    protect(nullptr, [&] {
        made = new SlwDrafter{size_t(std::clamp(key, 1, 64)), size_t(std::clamp(most, 1, 1024)), {}, {}};
    });
    return made;
}

void drafter_free(SlwDrafter *drafter) { delete drafter; }

void drafter_feed(SlwDrafter *drafter, const int32_t *tokens, size_t count) {
    if (!drafter) return;
    protect(nullptr, [&] {
        for (size_t index = 0; index < count; index++) {
            // The newest key is entered once something follows it.
            const size_t end = drafter->tokens.size();
            if (end >= drafter->key) drafter->follows[drafter->hash(end)] = end;
            drafter->tokens.push_back(tokens[index]);
        }
    });
}

int32_t drafter_propose(SlwDrafter *drafter, int32_t *tokens, int32_t capacity) {
    if (!drafter || capacity <= 0) return 0;
    const auto &all = drafter->tokens;
    const size_t end = all.size(), key = drafter->key;
    if (end < key) return 0;
    const auto found = drafter->follows.find(drafter->hash(end));
    if (found == drafter->follows.end()) return 0;
    const size_t begin = found->second;
    if (!std::equal(all.begin() + long(begin - key), all.begin() + long(begin), all.begin() + long(end - key))) return 0;
    const size_t count = std::min({drafter->most, size_t(capacity), end - begin});
    std::memcpy(tokens, all.data() + begin, count * sizeof(int32_t));
    return int32_t(count);
}

}  // namespace slipway
