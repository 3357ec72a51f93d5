// "Did you mean": the known word that a misspelt one is closest to. Pure functions, any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace uswitch {

// Typing errors between two words: letters inserted, left out, wrong, or two neighbours swapped.
size_t edit_distance(std::string_view a, std::string_view b);

// The closest known word, or "" when none is close enough to be meant.
std::string_view closest(std::string_view word, std::span<const std::string_view> known);

// "did you mean 'network'?", or when nothing is close "the KIND are 'a', 'b'"; "" when there are
// none at all.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                         std::string_view kind);

}  // namespace uswitch
