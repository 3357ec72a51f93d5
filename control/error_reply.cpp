#include "control/error_reply.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace uswitch {

Reply error_reply(unsigned status, const std::string& sentence) {
  Reply reply;
  reply.status = status;
  reply.body = boost::json::serialize(boost::json::object{{"error", sentence}}) + "\n";
  return reply;
}

}  // namespace uswitch
