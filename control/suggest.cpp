#include "control/suggest.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "control/config_error.h"

namespace uswitch {
namespace {

// The work for one word is the product of these: a hostile file must not make it large.
constexpr size_t longest_word = 64;
constexpr size_t most_words = 1000;
constexpr size_t most_listed = 12;

// One error in three letters: beyond that it is another word.
size_t tolerance(std::string_view word) {
  return word.size() / 3;
}

// "warn" for "warning", "addresses" for "address".
bool is_longer_form(std::string_view word, std::string_view other) {
  const size_t shorter = std::min(word.size(), other.size());
  return shorter >= 3 && word.substr(0, shorter) == other.substr(0, shorter);
}

size_t distance_between(std::string_view word, std::string_view other) {
  const size_t distance = edit_distance(word, other);
  return is_longer_form(word, other) ? std::min(distance, tolerance(word)) : distance;
}

}  // namespace

// Optimal string alignment, row by row: `row[j]` is the distance of a's first i letters to b's
// first j.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view closest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > longest_word || known.size() > most_words) return {};
  std::string_view best;
  size_t best_distance = SIZE_MAX;
  for (std::string_view candidate : known) {
    if (candidate.size() > longest_word) continue;
    const size_t distance = distance_between(word, candidate);
    if (distance <= tolerance(word) && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known,
                         std::string_view kind) {
  if (std::string_view meant = closest(word, known); !meant.empty()) {
    return "did you mean " + quoted(meant) + "?";
  }
  if (known.empty()) return {};
  std::string text = "the " + std::string(kind) + " are ";
  for (size_t i = 0; i < std::min(known.size(), most_listed); ++i) {
    text += (i ? ", " : "") + quoted(known[i]);
  }
  return known.size() > most_listed ? text + ", ..." : text;
}

}  // namespace uswitch
