#include "control/json_reply.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/locale/utf.hpp>

namespace uswitch {

namespace {

std::string valid_utf8(const std::string& text) {
  namespace utf = boost::locale::utf;
  std::string out;
  out.reserve(text.size());
  for (auto at = text.begin(); at != text.end();) {
    auto next = at;
    const utf::code_point point = utf::utf_traits<char>::decode(next, text.end());
    if (point == utf::illegal || point == utf::incomplete) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      out.append(at, next);
      at = next;
    }
  }
  return out;
}

}  // namespace

Reply json_reply(unsigned status, const boost::json::object& body) {
  Reply reply;
  reply.status = status;
  reply.body = valid_utf8(boost::json::serialize(body)) + "\n";
  return reply;
}

Reply error_reply(unsigned status, const std::string& sentence) {
  return json_reply(status, {{"error", sentence}});
}

}  // namespace uswitch
