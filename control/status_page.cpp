#include "control/status_page.h"

#include <array>
#include <cstdio>
#include <random>

namespace uswitch {

namespace {

constexpr std::string_view mark = "@NONCE@";

// 128 bits that nobody can guess, as hex digits.
std::string make_nonce() {
  std::random_device random;
  std::array<char, 33> text;
  std::snprintf(text.data(), text.size(), "%08x%08x%08x%08x", random(), random(), random(),
                random());
  return text.data();
}

}  // namespace

Reply status_page() {
  const std::string nonce = make_nonce();
  Reply reply;
  reply.content_type = "text/html; charset=utf-8";
  reply.body = status_page_html;
  for (size_t at = 0; (at = reply.body.find(mark, at)) != std::string::npos;) {
    reply.body.replace(at, mark.size(), nonce);
  }
  reply.policy = "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
                 "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                 "frame-ancestors 'none'";
  return reply;
}

}  // namespace uswitch
