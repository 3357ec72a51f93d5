// Writes the Prometheus text exposition format, version 0.0.4: families of samples, each with what
// it means. No state but the text; any thread.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace uswitch {

class MetricsText {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  enum class Type : uint8_t { counter, gauge };
  // Values may hold anything: they are escaped. Names are ours.
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  // The samples that follow belong to it.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(Labels labels, uint64_t value);
  void sample(Labels labels, double value);

  // A family with one sample.
  void single(std::string_view name, Type type, std::string_view help, auto value) {
    family(name, type, help);
    sample({}, value);
  }

  std::string take() { return std::move(text_); }

 private:
  void begin(Labels labels);

  std::string text_, name_;
};

}  // namespace uswitch
